import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackUnderTest } from '@berth/stack';
import { eventually } from '@berth/testing';
import { BerthClient } from '../e2e/berth-client';
import { row, type Row } from './statistics';

const ROUNDS = 40;
const MIB = 1024 ** 2;
/** From the design: half of the resizes take effect within this, over a warm connection. */
const PROMISED_MS = 150;
const FILES = ['memory.limit_in_bytes', 'memory.max'];

/** The memory limits of all containers of the stack's lab hosts, as files that this machine sees as well. */
function limitFiles(stack: StackUnderTest): string[] {
  const lab = JSON.parse(readFileSync(join(stack.stateDir, 'lab', 'lab.json'), 'utf8')) as {
    hosts: { cgroups: string[] }[];
  };
  const groups = lab.hosts.flatMap(({ cgroups }) => cgroups).flatMap((group) => payloadsBelow(group, 2));
  return groups.flatMap((group) => {
    const present = new Set(readdirSync(group));
    return FILES.filter((name) => present.has(name)).map((name) => join(group, name));
  });
}

function payloadsBelow(dir: string, depth: number): string[] {
  const below = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return below.flatMap(({ name }) => {
    if (name.startsWith('lxc.payload.')) return [join(dir, name)];
    return depth > 0 ? payloadsBelow(join(dir, name), depth - 1) : [];
  });
}

/** Milliseconds from the request to the kernel's file; returns when the operation has ended as well. */
async function resizeOnce(client: BerthClient, id: string, file: string, ram: number): Promise<number> {
  const begin = process.hrtime.bigint();
  const { operation } = await client.ask<{ operation: { id: string } }>(
    'POST',
    `/v1/servers/${id}/actions/resize`,
    { limits: { ram_bytes: ram } },
  );
  await eventually('the new limit', () => readFileSync(file, 'utf8').trim() === String(ram), {
    intervalMs: 1,
  });
  const applied = Number(process.hrtime.bigint() - begin) / 1e6;
  await client.done(operation.id);
  return applied;
}

/** Resizes of one running server, one after the other. */
export async function resizeLatency(stack: StackUnderTest): Promise<Row[]> {
  const { apiUrl, tokens } = stack.content();
  const customer = new BerthClient(apiUrl, tokens.customer);
  const operator = new BerthClient(apiUrl, tokens.operator);
  const before = new Set(limitFiles(stack));
  const { server } = await customer.running({ name: 'resized', plan: 'small' });
  const [file] = limitFiles(stack).filter((one) => !before.has(one));
  if (!file) throw new Error("the server's control group is not among the lab's");
  const applied: number[] = [];
  for (let n = 0; n < ROUNDS + 2; n++) {
    const ms = await resizeOnce(operator, server.id, file, (128 + 8 * (n % 5)) * MIB);
    // The first ones open connections.
    if (n >= 2) applied.push(ms);
  }
  await customer.ask('DELETE', `/v1/servers/${server.id}`);
  return [row('resize: request to control group (ms), against what is promised', applied, [PROMISED_MS], 1)];
}
