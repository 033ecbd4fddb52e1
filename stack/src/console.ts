/** What the person at the terminal reads. A detached stack sends its lines to the command that started it as well. */
export class Console {
  say(line: string): void {
    console.log(line);
    if (process.connected) process.send?.({ line }, () => undefined);
  }

  /** Announces a long step, runs it, and says how long it took. A failure is for the caller to report. */
  async step<T>(what: string, run: () => Promise<T>): Promise<T> {
    const started = Date.now();
    this.say(`… ${what}`);
    const result = await run();
    this.say(`✓ ${what} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    return result;
  }
}
