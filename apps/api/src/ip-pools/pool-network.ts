import { type AddressPoolSpace, canonicalAddress, contains, parsePool } from '@berth/domain';
import { invalidField } from '../http/validation.pipe';

/** The network of an order for a pool. Throws `invalid_input` that says what is wrong with it. */
export function networkOf(cidr: string, family: number | undefined): AddressPoolSpace {
  let space: AddressPoolSpace;
  try {
    space = parsePool(cidr);
  } catch (error) {
    if (error instanceof RangeError) throw invalidField('cidr', error.message);
    throw error;
  }
  if (family !== undefined && family !== space.family) {
    throw invalidField('family', `is ${family}, but ${space.cidr} is IPv${space.family}`);
  }
  return space;
}

/** Canonical form of a gateway: an address in the network; with IPv6 a link-local one as well. */
export function gatewayOf(cidr: string, gateway: string | null | undefined): string | null {
  if (gateway == null) return null;
  const address = canonicalAddress(gateway);
  if (address === null) throw invalidField('gateway', 'must be an IP address');
  if (contains(cidr, address) || /^fe[89ab]/i.test(address)) return address;
  throw invalidField('gateway', `must lie in ${cidr}`);
}
