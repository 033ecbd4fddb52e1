import type { OperationStore } from './operation-store';

interface Holding {
  fence: number;
  onCancel: () => void;
  onLost: () => void;
}

/** Renews the leases of all operations that this worker holds, in one statement a tick, and hears of cancels by the way. */
export class LeaseKeeper {
  private readonly holdings = new Map<string, Holding>();
  private timer: NodeJS.Timeout | null = null;
  private lastRenewed = Date.now();

  constructor(
    private readonly store: OperationStore,
    private readonly leaseMs: number,
    private readonly onError: (error: Error) => void,
  ) {}

  hold(operationId: string, holding: Holding): () => void {
    this.holdings.set(operationId, holding);
    this.timer ??= setInterval(() => void this.tick(), Math.min(1000, Math.floor(this.leaseMs / 3)));
    return () => {
      if (this.holdings.get(operationId) === holding) this.holdings.delete(operationId);
      if (this.holdings.size === 0 && this.timer) {
        clearInterval(this.timer);
        this.timer = null;
      }
    };
  }

  private busy = false;

  private async tick(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const asked = [...this.holdings].map(([id, holding]) => ({ id, fence: holding.fence, holding }));
    try {
      const mine = await this.store.renew(asked, this.leaseMs);
      this.lastRenewed = Date.now();
      for (const { id, holding } of asked) {
        const held = mine.get(id);
        if (this.holdings.get(id) !== holding) continue;
        if (!held) holding.onLost();
        else if (held.cancelRequested) holding.onCancel();
      }
    } catch (error) {
      this.onError(error as Error);
      // Without a renewal for a whole lease, others may have taken them: stop before the hosts have to refuse us.
      if (Date.now() - this.lastRenewed > this.leaseMs) for (const { holding } of asked) holding.onLost();
    } finally {
      this.busy = false;
    }
  }
}
