/** Work that is done again and again: never twice at a time, and a failure only waits for the next time. */
export class Periodic {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly options: {
      /** From the end of one run to the start of the next, ms; ±20 %, so that workers don't march in step. */
      intervalMs: number;
      work: () => Promise<void>;
      onError: (error: Error) => void;
    },
  ) {}

  /** Runs at once, then periodically. */
  start(): void {
    this.running = this.run();
  }

  /** For work that goes on as long as there is some. */
  protected get isStopped(): boolean {
    return this.stopped;
  }

  /** Waits for a run under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.options.work();
    } catch (error) {
      if (!this.stopped) this.options.onError(error as Error);
    }
    if (this.stopped) return;
    const wait = this.options.intervalMs * (0.8 + 0.4 * Math.random());
    this.timer = setTimeout(() => (this.running = this.run()), wait);
  }
}
