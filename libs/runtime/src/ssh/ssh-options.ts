/** Times in milliseconds. The defaults suit hosts of one data centre. */
export interface SshOptions {
  /** TCP, handshake and authentication together. Default 10,000. */
  connectTimeoutMs?: number;
  /** Connections a host at most; each carries 6 channels. Default 4. */
  maxConnections?: number;
  /** A connection unused for this long is closed. Default 60,000. */
  idleMs?: number;
  /** A dead peer is noticed after three of these. Default 5,000. */
  keepaliveMs?: number;
}
