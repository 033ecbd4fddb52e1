import ipaddr from 'ipaddr.js';

export type AddressFamily = 4 | 6;

export interface AddressPoolSpace {
  family: AddressFamily;
  /** Canonical network, host bits zero. */
  cidr: string;
  /** Number of units that can be given out: addresses (IPv4), /64 networks (IPv6). At most 2^52. */
  units: number;
}

/** Prefix length of what one server gets. */
export const UNIT_PREFIX = { 4: 32, 6: 64 } as const;

const toBigInt = (bytes: readonly number[]): bigint =>
  bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

function fromBigInt(value: bigint, family: AddressFamily): string {
  const size = family === 4 ? 4 : 16;
  const bytes = Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
}

/** Throws a RangeError that says what is wrong with the network. IPv4: /8–/32; IPv6: /16–/64. */
export function parsePool(cidr: string): AddressPoolSpace {
  let parsed: [ipaddr.IPv4 | ipaddr.IPv6, number];
  try {
    parsed = ipaddr.parseCIDR(cidr);
  } catch {
    throw new RangeError(`${JSON.stringify(cidr)} is not a network in CIDR notation, such as 203.0.113.0/24`);
  }
  const [address, prefix] = parsed;
  const family: AddressFamily = address.kind() === 'ipv4' ? 4 : 6;
  const [shortest, longest] = family === 4 ? [8, 32] : [16, 64];
  if (prefix < shortest || prefix > longest) {
    throw new RangeError(`an IPv${family} pool's prefix must be /${shortest} to /${longest}, not /${prefix}`);
  }
  const base = toBigInt(address.toByteArray());
  const hostBits = BigInt((family === 4 ? 32 : 128) - prefix);
  if (base & ((1n << hostBits) - 1n)) throw new RangeError(`${cidr} has host bits set`);
  return {
    family,
    cidr: `${fromBigInt(base, family)}/${prefix}`,
    units: 2 ** (UNIT_PREFIX[family] - prefix),
  };
}

/** Why an address of a pool is given to no server. */
export type ReservedFor = 'network' | 'broadcast' | 'gateway';

export interface PoolUnit {
  address: string;
  /** Null: servers may have it. */
  reservedFor: ReservedFor | null;
}

/**
 * Unit `index` of a pool, from 0 to units - 1.
 * IPv4: the network's own and broadcast address of pools wider than /31 (some networks drop them) and the gateway are reserved.
 * IPv6: the first address (::1) of the index-th /64.
 */
export function unitOf(pool: AddressPoolSpace, index: number, gateway: string | null): PoolUnit {
  const base = toBigInt(ipaddr.parse(pool.cidr.split('/')[0]!).toByteArray());
  if (pool.family === 6)
    return { address: fromBigInt(base + (BigInt(index) << 64n) + 1n, 6), reservedFor: null };
  const address = fromBigInt(base + BigInt(index), 4);
  if (pool.units > 2 && index === 0) return { address, reservedFor: 'network' };
  if (pool.units > 2 && index === pool.units - 1) return { address, reservedFor: 'broadcast' };
  return { address, reservedFor: address === gateway ? 'gateway' : null };
}

/** The address that unit `index` of a pool gives to a server, or null where it can't be used. */
export function unitAddress(pool: AddressPoolSpace, index: number, gateway: string | null): string | null {
  if (index < 0 || index >= pool.units) return null;
  const { address, reservedFor } = unitOf(pool, index, gateway);
  return reservedFor === null ? address : null;
}

/** Units that are given to no server. */
export function reservedUnits(pool: AddressPoolSpace, gateway: string | null): number {
  if (pool.family === 6) return 0;
  const ends =
    pool.units > 2 ? [unitOf(pool, 0, null).address, unitOf(pool, pool.units - 1, null).address] : [];
  return new Set([...ends, ...(gateway !== null && contains(pool.cidr, gateway) ? [gateway] : [])]).size;
}

/** True where the address lies in the network. */
export function contains(cidr: string, address: string): boolean {
  const parsed = ipaddr.parse(address);
  const [network, prefix] = ipaddr.parseCIDR(cidr);
  return parsed.kind() === network.kind() && parsed.match(network, prefix);
}

/** Canonical text of an address, or null where it isn't one. */
export function canonicalAddress(text: string): string | null {
  return ipaddr.isValid(text) ? ipaddr.parse(text).toString() : null;
}
