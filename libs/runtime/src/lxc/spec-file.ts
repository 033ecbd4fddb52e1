import type { Limits } from '@berth/contracts';
import type {
  ContainerAddress,
  ContainerDetail,
  ContainerId,
  ContainerSpec,
  DnsSettings,
} from '../container-runtime';

/** The host's spec file: `key value…` a line. Values have been validated: none holds a line break. */
export function renderSpec(spec: ContainerSpec): string {
  return [
    `template ${spec.templateSha256}`,
    `hostname ${spec.hostname}`,
    `id_base ${spec.idBase}`,
    ...limitEntries(spec.limits).map(([name, value]) => (value === null ? '' : `limit ${name} ${value}`)),
  ]
    .filter(Boolean)
    .map((line) => `${line}\n`)
    .concat(renderAddresses(spec.addresses), renderDns(spec.dns))
    .join('');
}

export function renderAddresses(addresses: readonly ContainerAddress[]): string {
  return addresses.map(({ family, address, prefix }) => `address ${family} ${address} ${prefix}\n`).join('');
}

export function renderDns(dns: DnsSettings): string {
  const servers = dns.nameservers.map((server) => `nameserver ${server}\n`);
  return [...servers, ...dns.search.map((domain) => `search ${domain}\n`)].join('');
}

/** Named limits with numbers as plain decimals; null lifts. */
export function limitEntries(limits: Limits): [string, string | null][] {
  return Object.entries(limits)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, value === null ? null : plainDecimal(Number(value))]);
}

/** Three decimals at most, as the scripts read them; never in exponents. */
function plainDecimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3).replace(/0+$/, '').replace(/\.$/, '');
}

/** What `berth_inspect` prints; null where it prints nothing. */
export function parseDetail(id: ContainerId, output: string): ContainerDetail | null {
  if (!output.trim()) return null;
  const detail: ContainerDetail = {
    id,
    state: 'stopped',
    fence: 0,
    hostname: '',
    addresses: [],
    limits: {},
    pid: null,
  };
  for (const line of output.trim().split('\n')) {
    const [key, ...rest] = line.split(' ');
    const [first = '', second = '', third = ''] = rest;
    if (key === 'state') detail.state = first as ContainerDetail['state'];
    if (key === 'fence') detail.fence = Number(first);
    if (key === 'pid') detail.pid = Number(first) || null;
    if (key === 'hostname') detail.hostname = first;
    if (key === 'limit') Object.assign(detail.limits, { [first]: Number(second) });
    if (key === 'address') {
      detail.addresses.push({ family: first === '6' ? 6 : 4, address: second, prefix: Number(third) });
    }
  }
  return detail;
}
