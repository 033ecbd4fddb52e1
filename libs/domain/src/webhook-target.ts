import { parseUrl } from '@berth/contracts';
import ipaddr from 'ipaddr.js';

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** IPv6 that is handed out at all; what else there is has a meaning of its own. */
const GLOBAL_UNICAST: Network = ipaddr.parseCIDR('2000::/3');
/** Public by its looks, but it is every Azure machine's own platform. */
const PLATFORM: Network = ipaddr.parseCIDR('168.63.129.16/32');

const within = (address: ipaddr.IPv4 | ipaddr.IPv6, [network, prefix]: Network): boolean =>
  address.kind() === network.kind() && address.match(network as never, prefix);

/**
 * Whether webhooks may connect to the address: a public one, or one of the networks that the provider allows. Never to
 * anything that looks like an address and is none, nor to IPv4 in the clothes of IPv6 (mapped, NAT64, 6to4, Teredo).
 */
export function isWebhookAddressAllowed(text: string, allowed: readonly string[]): boolean {
  if (text.includes('%') || !ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (allowed.some((cidr) => within(address, ipaddr.parseCIDR(cidr)))) return true;
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' ? !within(address, PLATFORM) : within(address, GLOBAL_UNICAST);
}

/** The address that the URL's host is, null where it is a name. As connections need it: IPv6 without brackets. */
export function literalAddressOf(url: URL): string | null {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(host) ? host : null;
}

/** Why events can't be sent to the URL; null where nothing is against it. A name's addresses are looked at when it is sent. */
export function webhookUrlProblem(text: string, allowed: readonly string[]): string | null {
  const url = /[\s\p{C}]/u.test(text) ? null : parseUrl(text);
  if (!url) return 'must be a URL such as https://example.com/hook';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must start with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
  if (url.hash !== '') return 'must not hold a fragment (#…)';
  if (url.port === '0') return 'must not name port 0';
  const address = literalAddressOf(url);
  if (address !== null && !isWebhookAddressAllowed(address, allowed))
    return 'must not name an address that is not public';
  if (address === null && !/^(?=.{1,253}\.?$)([a-z0-9_-]{1,63}\.)*[a-z0-9-]{1,63}\.?$/.test(url.hostname))
    return 'must name a host';
  return null;
}
