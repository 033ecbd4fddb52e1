/** First id that containers may use; below are the host's own users. */
const FIRST_ID = 100_000;
/** Ids of one container's range: 16 bits, as its own /etc/passwd expects. */
export const ID_RANGE = 65_536;
/** Ranges in one location: uids are 32 bits wide and the last one (-1) means "none". */
export const MAX_ID_SLOTS = Math.floor((2 ** 32 - 2 - FIRST_ID) / ID_RANGE);

/** Name of a server's container on its host: it also names the cgroup and, with a prefix, the network device (15 characters at most). */
export function containerIdOf(serverNumber: number): string {
  return `ct${serverNumber}`;
}

/** The server's number, or null where the name is not one of Berth's. */
export function serverNumberOf(containerId: string): number | null {
  const match = /^ct([1-9]\d{0,11})$/.exec(containerId);
  return match ? Number(match[1]) : null;
}

/** First uid and gid on the host of an id slot. */
export function idBaseOf(slot: number): number {
  if (!Number.isInteger(slot) || slot < 0 || slot >= MAX_ID_SLOTS)
    throw new RangeError(`id slot ${slot} is out of range`);
  return FIRST_ID + slot * ID_RANGE;
}
