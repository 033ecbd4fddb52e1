import type { StackUnderTest } from '@berth/stack';
import { BerthClient } from '../e2e/berth-client';
import type { Row } from './statistics';

const ORDERS = 100;
const GIB = 1024 ** 3;

/** 100 orders at once on simulated hosts: seconds until all run, and orders ended a second. */
export async function burst(stack: StackUnderTest): Promise<Row[]> {
  const { apiUrl, tokens, tenantId } = stack.content();
  const operator = new BerthClient(apiUrl, tokens.operator);
  await operator.ask('POST', '/v1/locations', { name: 'burst' });
  await operator.ask('POST', '/v1/ip_pools', { cidr: '10.60.0.0/16', location: 'burst', family: 4 });
  const capacity = { cpus: 100_000, ram_bytes: 100_000 * GIB, disk_bytes: 1_000_000 * GIB };
  for (let n = 0; n < 5; n++) {
    const host = {
      name: `burst-${n}`,
      address: '192.0.2.10',
      port: 22,
      user: 'root',
      driver: 'simulated',
      location: 'burst',
      capacity,
    };
    const { operation } = await operator.ask<{ operation: { id: string } }>('POST', '/v1/hosts', host);
    await operator.done(operation.id);
  }
  const one = async (name: string) => {
    const order = { name, tenant_id: tenantId, location: 'burst', ipv6: 0 };
    await operator.done((await operator.order(order)).operation.id);
  };
  const begin = Date.now();
  await one('alone');
  const alone = Date.now() - begin;
  const start = Date.now();
  await Promise.all(Array.from({ length: ORDERS }, (_, n) => one(`burst-${n}`)));
  const all = Date.now() - start;
  return [
    {
      what: `${ORDERS} orders at once, simulated (ms), against one alone × ${ORDERS}`,
      ours: all,
      floor: alone * ORDERS,
      ratio: all / (alone * ORDERS),
      atMost: null,
    },
  ];
}
