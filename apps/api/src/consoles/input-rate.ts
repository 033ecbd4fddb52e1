/** Bytes a second that one console may be sent, and how many at once on top: a paste, not a backup. */
const BYTES_PER_SECOND = 1024 ** 2;
const BURST_BYTES = 4 * 1024 ** 2;

/** How long the next input has to wait for what has come. */
export class InputRate {
  private debt = 0;

  constructor(private at: number) {}

  /** Milliseconds. */
  take(bytes: number, now: number): number {
    this.debt = Math.max(0, this.debt - ((now - this.at) / 1000) * BYTES_PER_SECOND) + bytes;
    this.at = now;
    return Math.max(0, Math.ceil(((this.debt - BURST_BYTES) / BYTES_PER_SECOND) * 1000));
  }
}
