export interface StartOptions {
  /** Return when ready; `npm stop` ends the stack. */
  detach: boolean;
  /** Lab hosts. 0: no lab. */
  hosts: number;
  /** Order a server and show it answering. */
  demo: boolean;
  /** Hosts of the simulated driver, in the location `sim`. */
  simulated: number;
}
