/** Where a host is and how to get in: a host's row, as the worker hands it over. */
export interface HostEndpoint {
  /** The control plane's id: names the simulated host, and the entry of a `RuntimePool`. */
  id: string;
  /** For errors and logs. */
  name: string;
  driver: 'lxc' | 'simulated';
  address: string;
  port: number;
  user: string;
  /** OpenSSH or PEM text, or a way to get it, asked once a connection pool (so that it may be unsealed late). */
  privateKey: string | (() => Promise<string>);
  /** `SHA256:…` as OpenSSH prints it. */
  hostKeyFingerprint: string;
}
