/** The benchmarking range (RFC 2544): no real network uses it, so a lab never hides one. */
const RANGE_BASE = 198 * 2 ** 24 + 18 * 2 ** 16;
const SLOT_SIZE = 2 ** 12;
export const SLOT_COUNT = 32;

export interface LabAddresses {
  subnet4: string;
  gateway4: string;
  serverPool4: string;
  subnet6: string;
  gateway6: string;
  serverPool6: string;
}

/**
 * A lab's addresses in slot 0–31 of 198.18.0.0/15: a /20 with the gateway at .0.1, hosts from .0.10 and a /22 for
 * servers at .4.0. IPv6 comes from the lab's id: two neighbouring unique local /48, one for servers, one for hosts.
 */
export function addressesOf(slot: number, labId: string): LabAddresses {
  const base = RANGE_BASE + slot * SLOT_SIZE;
  return {
    subnet4: `${formatIpv4(base)}/20`,
    gateway4: formatIpv4(base + 1),
    serverPool4: `${formatIpv4(base + 4 * 256)}/22`,
    subnet6: `${prefix6(labId, '01')}::/64`,
    gateway6: `${prefix6(labId, '01')}::1`,
    serverPool6: `${prefix6(labId, '00')}::/48`,
  };
}

/** The n-th host's addresses, n from 1. */
export function hostAddresses(addresses: LabAddresses, index: number): { address: string; address6: string } {
  if (index < 1 || index > 240) throw new Error(`a lab has room for 240 hosts; host ${index} is too many`);
  const gateway = parseIpv4(addresses.gateway4);
  return {
    address: formatIpv4(gateway + 8 + index),
    address6: addresses.gateway6.replace(/::1$/, `::${(8 + index + 1).toString(16)}`),
  };
}

/** Slots, from the lab's preferred one on, that overlap none of the given CIDRs (addresses and routes in use). */
export function freeSlots(labId: string, used: string[]): number[] {
  const first = parseInt(labId.slice(-2), 16) % SLOT_COUNT;
  const slots = Array.from({ length: SLOT_COUNT }, (_, offset) => (first + offset) % SLOT_COUNT);
  return slots.filter((slot) => {
    const start = RANGE_BASE + slot * SLOT_SIZE;
    const end = start + SLOT_SIZE - 1;
    return !used.some((cidr) => {
      const [address = '', length = '32'] = cidr.split('/');
      if (!/^\d+\.\d+\.\d+\.\d+$/.test(address) || length === '0') return false;
      const size = 2 ** (32 - Number(length));
      const low = Math.floor(parseIpv4(address) / size) * size;
      return low <= end && low + size - 1 >= start;
    });
  });
}

/** fd, the lab's 32 bits, a byte that tells servers from hosts: `fdaa:bbcc:dd01`. */
function prefix6(labId: string, last: '00' | '01'): string {
  return `fd${labId}${last}`.replace(/^(....)(....)(....)$/, '$1:$2:$3');
}

function parseIpv4(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}
