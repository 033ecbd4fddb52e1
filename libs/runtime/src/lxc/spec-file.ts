import type { Device, Feature, Limits } from '@berth/contracts';
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
    .concat(renderFeatures(spec.features ?? []), renderDevices(spec.devices ?? []))
    .join('');
}

export function renderAddresses(addresses: readonly ContainerAddress[]): string {
  return addresses.map(({ family, address, prefix }) => `address ${family} ${address} ${prefix}\n`).join('');
}

export function renderDns(dns: DnsSettings): string {
  const servers = dns.nameservers.map((server) => `nameserver ${server}\n`);
  return [...servers, ...dns.search.map((domain) => `search ${domain}\n`)].join('');
}

export function renderFeatures(features: readonly Feature[]): string {
  return [...new Set(features)].map((feature) => `feature ${feature}\n`).join('');
}

export function renderDevices(devices: readonly Device[]): string {
  return devices.map(({ device, access }) => `device ${access} ${device}\n`).join('');
}

/** Named limits with numbers as plain decimals, lists as they are; null lifts. */
export function limitEntries(limits: Limits): [string, string | null][] {
  return Object.entries(limits)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [
      name,
      value === null ? null : typeof value === 'string' ? value : plainDecimal(Number(value)),
    ]);
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
    features: [],
    devices: [],
    pid: null,
  };
  for (const line of output.trim().split('\n')) {
    const [key, ...rest] = line.split(' ');
    const [first = '', second = '', third = ''] = rest;
    if (key === 'state') detail.state = first as ContainerDetail['state'];
    if (key === 'fence') detail.fence = Number(first);
    if (key === 'pid') detail.pid = Number(first) || null;
    if (key === 'hostname') detail.hostname = first;
    if (key === 'limit') {
      const isList = first === 'cpu_mask' || first === 'node_mask';
      Object.assign(detail.limits, { [first]: isList ? second : Number(second) });
    }
    if (key === 'feature') detail.features.push(first as Feature);
    if (key === 'device') detail.devices.push({ access: first as Device['access'], device: second });
    if (key === 'address') {
      detail.addresses.push({ family: first === '6' ? 6 : 4, address: second, prefix: Number(third) });
    }
  }
  return detail;
}
