import { isIPv4, isIPv6 } from 'node:net';
import { deviceSchema, featureSchema, limitNames } from '@berth/contracts';
import type { Capability, Device, Feature, LimitName, Limits } from '@berth/contracts';
import type { ContainerAddress, ContainerSpec, DnsSettings } from './container-runtime';
import { RuntimeError } from './runtime-error';

/** The API has checked all of this already; a driver that trusts it would turn one bug there into a shell on a host. */

const CONTAINER_ID = /^ct[1-9][0-9]{0,9}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const SSH_KEY = /^[a-zA-Z0-9@._-]{1,64} [A-Za-z0-9+/]{16,16384}={0,3}( [^\p{Cc}]{0,256})?$/u;
const CPU_LIST = /^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/;
const LISTS: ReadonlySet<LimitName> = new Set<LimitName>(['cpu_mask', 'node_mask']);
const HIGHEST_ID_BASE = 0xffff_ffff - 65_536;
const ALL_LIMITS: ReadonlySet<LimitName> = new Set(limitNames);
const NOTHING: ReadonlySet<string> = new Set();

/** Throws `invalid_input`. `what` must not hold secrets: it ends in logs. */
export function rejectInput(host: string, what: string): never {
  throw new RuntimeError('invalid_input', `${host}: ${what}`, { host, action: 'check the input' });
}

export function assertContainerId(host: string, id: string): void {
  if (!CONTAINER_ID.test(id)) rejectInput(host, `container id must be ct<number>, not ${JSON.stringify(id)}`);
}

/** Of snapshots and migrations. */
export function assertName(host: string, kind: 'snapshot' | 'migration', name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) {
    rejectInput(
      host,
      `a ${kind} is named by lower-case letters, digits and dashes, not ${JSON.stringify(name)}`,
    );
  }
}

export function assertSha256(host: string, sha256: string): void {
  if (!SHA256.test(sha256))
    rejectInput(host, 'a template is named by 64 lower-case hex digits of its sha256');
}

/** As the API's contract has it. */
export function assertTerminalSize(host: string, { columns, rows }: { columns: number; rows: number }): void {
  const fits = (n: number) => Number.isInteger(n) && n >= 1 && n <= 1000;
  if (!fits(columns) || !fits(rows)) rejectInput(host, `a terminal of ${columns} columns and ${rows} rows`);
}

export function assertFence(host: string, fence: number): void {
  if (!Number.isSafeInteger(fence) || fence < 0)
    rejectInput(host, `fence must be a whole number, not ${fence}`);
}

/** A DNS name of at most 64 bytes (Linux' own limit), labels of 63. */
export function assertHostname(host: string, hostname: string): void {
  const good = hostname.length <= 64 && hostname.split('.').every((label) => DNS_LABEL.test(label));
  if (!good)
    rejectInput(host, `hostname ${JSON.stringify(hostname)} is not a DNS name of at most 64 characters`);
}

export function assertAddresses(host: string, addresses: readonly ContainerAddress[]): void {
  const seen = new Set<string>();
  for (const { address, family, prefix } of addresses) {
    const good =
      family === 4
        ? isIPv4(address) && prefix === 32
        : isIPv6(address) &&
          !address.includes('%') &&
          Number.isInteger(prefix) &&
          prefix >= 48 &&
          prefix <= 128;
    if (!good)
      rejectInput(host, `address ${JSON.stringify(address)}/${prefix} is not a routed IPv${family} address`);
    if (seen.has(address)) rejectInput(host, `address ${address} is given twice`);
    seen.add(address);
  }
}

export function assertDns(host: string, dns: DnsSettings): void {
  for (const server of dns.nameservers) {
    if ((!isIPv4(server) && !isIPv6(server)) || server.includes('%')) {
      rejectInput(host, `nameserver ${JSON.stringify(server)} is not an address`);
    }
  }
  for (const domain of dns.search) {
    if (domain.length > 253 || !domain.split('.').every((label) => DNS_LABEL.test(label))) {
      rejectInput(host, `search domain ${JSON.stringify(domain)} is not a DNS name`);
    }
  }
}

export function assertSshKeys(host: string, keys: readonly string[]): void {
  if (!keys.every((key) => SSH_KEY.test(key))) {
    rejectInput(host, 'an SSH key must be one line: type, base64 and an optional comment');
  }
}

/** A line break or a colon would write further entries into the guest's shadow file. */
export function assertPassword(host: string, password: string): void {
  if (!/^[^\p{Cc}]{1,256}$/u.test(password)) {
    rejectInput(host, 'a password is 1 to 256 characters without control characters');
  }
}

function refuseUnsupported(host: string, capability: Capability, what: string): never {
  throw new RuntimeError('unsupported', `${host} ${what}`, { host, action: 'check the input', capability });
}

/** Throws `unsupported` for the first limit that is set and not in `supported`. */
export function assertLimits(
  host: string,
  limits: Limits,
  supported: ReadonlySet<LimitName> = ALL_LIMITS,
): void {
  for (const [key, value] of Object.entries(limits)) {
    if (!ALL_LIMITS.has(key as LimitName)) rejectInput(host, `there is no limit ${JSON.stringify(key)}`);
    const name = key as LimitName;
    if (value === null || value === undefined) continue;
    if (!supported.has(name)) refuseUnsupported(host, `limit:${name}`, `cannot enforce the limit ${name}`);
    const good = LISTS.has(name)
      ? typeof value === 'string' && CPU_LIST.test(value)
      : typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
    if (!good)
      rejectInput(host, `limit ${name} must be ${LISTS.has(name) ? 'a list' : 'a number of at least 0'}`);
    const fraction = typeof value === 'number' && !Number.isInteger(value) && name !== 'cpu_limit_percent';
    if (fraction) rejectInput(host, `limit ${name} must be a whole number`);
  }
}

/** Throws `unsupported` for the first feature whose capability is in `lacking`. */
export function assertFeatures(
  host: string,
  features: readonly Feature[],
  lacking: ReadonlySet<string> = NOTHING,
): void {
  for (const feature of features) {
    if (!featureSchema.safeParse(feature).success) {
      rejectInput(host, `there is no feature ${JSON.stringify(feature)}`);
    }
    const capability = `feature:${feature}` as const;
    if (lacking.has(capability)) refuseUnsupported(host, capability, `does not have the feature ${feature}`);
  }
}

export function assertDevices(
  host: string,
  devices: readonly Device[],
  lacking: ReadonlySet<string> = NOTHING,
): void {
  for (const one of devices) {
    if (!deviceSchema.safeParse(one).success) {
      rejectInput(host, `${JSON.stringify(one)} is neither a device node below /dev nor a network interface`);
    }
    if (lacking.has('devices')) refuseUnsupported(host, 'devices', 'cannot give devices to containers');
  }
  if (new Set(devices.map(({ device }) => device)).size < devices.length) {
    rejectInput(host, 'a device is given twice');
  }
}

export function assertSpec(
  host: string,
  spec: ContainerSpec,
  supported: ReadonlySet<LimitName> = ALL_LIMITS,
  lacking: ReadonlySet<string> = NOTHING,
): void {
  assertContainerId(host, spec.id);
  assertSha256(host, spec.templateSha256);
  assertHostname(host, spec.hostname);
  if (!Number.isInteger(spec.idBase) || spec.idBase < 65_536 || spec.idBase > HIGHEST_ID_BASE) {
    rejectInput(host, `id base ${spec.idBase} is not between 65536 and ${HIGHEST_ID_BASE}`);
  }
  assertLimits(host, spec.limits, supported);
  assertFeatures(host, spec.features ?? [], lacking);
  assertDevices(host, spec.devices ?? [], lacking);
  assertAddresses(host, spec.addresses);
  assertDns(host, spec.dns);
  assertSshKeys(host, spec.sshKeys);
  if (spec.rootPassword !== null) assertPassword(host, spec.rootPassword);
}

/** `limits` over `current`: named ones replace (null lifts), the others stay. Lifted ones are left out. */
export function mergeLimits(current: Limits, limits: Limits): Limits {
  const merged = { ...current, ...limits };
  return Object.fromEntries(
    Object.entries(merged).filter(([, value]) => value !== null && value !== undefined),
  ) as Limits;
}
