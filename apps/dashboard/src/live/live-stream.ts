/**
 * `connecting`: not yet, or again; `live`: told of every change; `stale`: connected, but silent for too long;
 * `offline`: the API can't be reached.
 */
export type LiveState = 'connecting' | 'live' | 'stale' | 'offline';

export interface LiveMessage {
  type: string;
  data: unknown;
}

interface Listener {
  onMessage(message: LiveMessage): void;
  /** `again`: there was a gap, so what is on the page may be old. */
  onOpen(again: boolean): void;
  onState(state: LiveState): void;
}

const TYPES = ['hello', 'operation', 'server', 'changed', 'overflow', 'beat'];
/** The API sends something at least every 5 s. */
const STALE_AFTER_MS = 12_000;
const DEAD_AFTER_MS = 25_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;

/**
 * The one connection on which the API tells of changes. EventSource gives up after some errors, so it is opened anew by
 * ourselves, ever more slowly, and at once when the browser says that the network is back.
 */
export class LiveStream {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private heardAt = 0;
  private retryMs = FIRST_RETRY_MS;
  private opened = false;
  private state: LiveState = 'connecting';

  constructor(
    private readonly path: string,
    private readonly listener: Listener,
  ) {}

  start(): void {
    window.addEventListener('online', this.reconnect);
    this.watch = setInterval(() => this.look(), 1000);
    this.connect();
  }

  stop(): void {
    window.removeEventListener('online', this.reconnect);
    clearInterval(this.watch);
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private readonly reconnect = () => {
    clearTimeout(this.timer);
    this.source?.close();
    this.connect();
  };

  private connect(): void {
    const source = new EventSource(this.path);
    this.source = source;
    this.heardAt = Date.now();
    for (const type of TYPES) source.addEventListener(type, (event) => this.heard(type, event));
    source.onerror = () => this.lost();
  }

  private heard(type: string, event: MessageEvent<string>): void {
    this.heardAt = Date.now();
    if (type === 'hello') {
      this.retryMs = FIRST_RETRY_MS;
      this.listener.onOpen(this.opened);
      this.opened = true;
    }
    this.become('live');
    this.listener.onMessage({ type, data: event.data ? JSON.parse(event.data) : null });
  }

  private lost(): void {
    this.source?.close();
    this.source = null;
    this.become('offline');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  /** A connection that a laptop's sleep or a router cut says nothing at all. */
  private look(): void {
    if (!this.source) return;
    const silentMs = Date.now() - this.heardAt;
    if (silentMs > DEAD_AFTER_MS) this.lost();
    else if (silentMs > STALE_AFTER_MS && this.state === 'live') this.become('stale');
  }

  private become(state: LiveState): void {
    if (state === this.state) return;
    this.state = state;
    this.listener.onState(state);
  }
}
