import { connect } from 'node:net';
import { waitUntil } from './wait-until';

/** Resolves when an SSH server greets at the address; an Error after `timeoutMs`. */
export async function waitForSsh(address: string, port: number, timeoutMs: number): Promise<void> {
  await waitUntil(`ssh at ${address}:${port}`, timeoutMs, () => greets(address, port));
}

/** True if an SSH server says hello at the address within a second. */
export function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('data', (piece) => finish(piece.toString().startsWith('SSH-2.0')));
    socket.once('end', () => finish(false));
  });
}
