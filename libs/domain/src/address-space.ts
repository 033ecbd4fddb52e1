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

/**
 * The address that unit `index` of a pool gives to a server, or null where it can't be used.
 * IPv4: the network's own and broadcast address of pools wider than /31 (some networks drop them) and the gateway.
 * IPv6: the first address (::1) of the index-th /64.
 */
export function unitAddress(pool: AddressPoolSpace, index: number, gateway: string | null): string | null {
  if (index < 0 || index >= pool.units) return null;
  const base = toBigInt(ipaddr.parse(pool.cidr.split('/')[0]!).toByteArray());
  if (pool.family === 6) return fromBigInt(base + (BigInt(index) << 64n) + 1n, 6);
  if (pool.units > 2 && (index === 0 || index === pool.units - 1)) return null;
  const address = fromBigInt(base + BigInt(index), 4);
  return address === gateway ? null : address;
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
