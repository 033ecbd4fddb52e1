/** Passes on the first `limit` bytes of a stream, and knows whether there were more. */
export class OutputLimit {
  truncated = false;
  private left: number;

  constructor(
    limit: number,
    private readonly sink: (chunk: Buffer) => void,
  ) {
    this.left = limit;
  }

  readonly write = (chunk: Buffer): void => {
    if (chunk.length > this.left) this.truncated = true;
    const kept = chunk.subarray(0, this.left);
    this.left -= kept.length;
    if (kept.length > 0) this.sink(kept);
  };
}
