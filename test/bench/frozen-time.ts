import { join } from 'node:path';
import { Lab } from '@berth/lab';
import type { StackUnderTest } from '@berth/stack';
import { eventually } from '@berth/testing';
import { BerthClient } from '../e2e/berth-client';
import { addressOf } from '../e2e/outside';
import { HandMade } from '../migration/hand-made';
import { SERVICES } from '../migration/services';
import { silenceOf } from '../migration/silence';
import { row, type Row } from './statistics';

const ROUNDS = 5;

/** What a client hears of an idle Debian's live migration against the same done by hand, in turns; two lab hosts. */
export async function frozenTime(stack: StackUnderTest): Promise<Row[]> {
  const { apiUrl, tokens, hosts } = stack.content();
  const operator = new BerthClient(apiUrl, tokens.operator);
  const customer = new BerthClient(apiUrl, tokens.customer);
  const { templates } = await operator.ask<{ templates: { name: string; sha256: string }[] }>(
    'GET',
    '/v1/templates',
  );
  const lab = Lab.open(join(stack.stateDir, 'lab'));
  const hand = new HandMade(lab, [hosts[0]!.name, hosts[1]!.name]);
  const { server } = await customer.running({ name: 'mover', plan: 'small', template: 'debian-12' });
  const booted = async () =>
    (await customer.exec(server.id, ['systemctl', 'is-system-running'])).stdout === 'running\n';
  await eventually('the end of the boot', booted, { timeoutMs: 60_000 });
  await customer.exec(server.id, ['sh', '-c', SERVICES.talker]);
  const move = () => operator.act(server.id, 'migrate', { mode: 'live' });
  // There and back: both hosts have the template and warm connections then.
  await move();
  await move();
  await hand.install(templates.find(({ name }) => name === 'debian-12')!.sha256);
  const address = addressOf(server).replace(/\d+$/, '250');
  const ours: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const byHand = await hand.server(address, SERVICES.talker);
    floor.push(await silenceOf(address, () => hand.migrate(byHand)));
    await hand.destroy(byHand, address);
    ours.push(await silenceOf(addressOf(server), move));
  }
  return [row('silence of a live migration, debian-12 (ms)', ours, floor, 1.1)];
}
