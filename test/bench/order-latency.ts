import { join } from 'node:path';
import { Lab } from '@berth/lab';
import type { StackUnderTest } from '@berth/stack';
import { BerthClient } from '../e2e/berth-client';
import { addressOf, makeKey, pings } from '../e2e/outside';
import { ByHand } from './by-hand';
import { row, type Row } from './statistics';

/** Measured; as many before them are not: a node process compiles what it runs often, and by hand there is none. */
const ROUNDS = 10;

/** Milliseconds from the request to status `running`, the address answering; the server is deleted again. */
async function orderOnce(
  client: BerthClient,
  order: { template: string; ssh_keys: string[] },
  n: number,
): Promise<number> {
  const begin = process.hrtime.bigint();
  const { server: ordered, operation } = await client.order({ name: `bench-${n}`, plan: 'small', ...order });
  // Looking again and again would cost the two processors that the order runs on as well.
  const { server } = await client.followed(operation.id);
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  if (server?.status !== 'running' || !(await pings(addressOf(server))))
    throw new Error(`server ${ordered.id} is ${server?.status}`);
  const { operation: deletion } = await client.ask<{ operation: { id: string } }>(
    'DELETE',
    `/v1/servers/${server.id}`,
  );
  await client.done(deletion.id);
  return ms;
}

/** Order→running through the whole platform against the same done by hand, in turns, on a stack with one lab host. */
export async function orderLatency(stack: StackUnderTest): Promise<Row[]> {
  const { apiUrl, tokens, hosts } = stack.content();
  const client = new BerthClient(apiUrl, tokens.operator);
  const customer = new BerthClient(apiUrl, tokens.customer);
  const hand = new ByHand(Lab.open(join(stack.stateDir, 'lab')), hosts[0]!.name);
  await hand.install();
  const { templates } = await client.ask<{ templates: { name: string; sha256: string }[] }>(
    'GET',
    '/v1/templates',
  );
  // By hand there is a key as well, and no password.
  const { publicKey } = await makeKey(stack.stateDir, 'bench');
  const rows: Row[] = [];
  for (const template of ['busybox', 'debian-12']) {
    const first = await customer.running({ name: 'first', template });
    await hand.template(template, templates.find(({ name }) => name === template)!.sha256);
    const address = addressOf(first.server).replace(/\d+$/, '250');
    await hand.server(template, address);
    const ours: number[] = [];
    const floor: number[] = [];
    for (let n = 0; n < 2 * ROUNDS; n++) {
      floor.push(await hand.server(template, address));
      ours.push(await orderOnce(customer, { template, ssh_keys: [publicKey] }, n));
    }
    const [warm, warmFloor] = [ours.slice(ROUNDS), floor.slice(ROUNDS)];
    rows.push(row(`order to running, ${template} (ms)`, warm, warmFloor, 1.5));
  }
  return rows;
}
