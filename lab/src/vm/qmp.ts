import { connect } from 'node:net';

const ANSWER_TIMEOUT_MS = 10_000;

interface Message {
  QMP?: unknown;
  return?: unknown;
  error?: { desc: string };
}

/** Gives one command to a QEMU over its machine protocol, at a Unix socket; its answer. Rejects where QEMU refuses. */
export function qmp(socketPath: string, command: 'stop' | 'cont' | 'query-status'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const finish = (error: Error | null, answer?: unknown): void => {
      socket.destroy();
      if (error) reject(new Error(`QEMU's ${command} at ${socketPath}: ${error.message}`));
      else resolve(answer);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => finish(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)));
    socket.once('error', (error) => finish(error));
    socket.once('end', () => finish(new Error('the connection ended')));
    // Until the capabilities are settled QEMU takes no command; events come in between and are none of our business.
    let ready = false;
    const onMessage = (message: Message): void => {
      if (message.QMP !== undefined) socket.write('{"execute":"qmp_capabilities"}\n');
      else if (message.error) finish(new Error(message.error.desc));
      else if (!('return' in message)) return;
      else if (ready) finish(null, message.return);
      else {
        ready = true;
        socket.write(`${JSON.stringify({ execute: command })}\n`);
      }
    };
    let text = '';
    socket.on('data', (piece: Buffer) => {
      const lines = (text + piece.toString()).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') onMessage(JSON.parse(line) as Message);
    });
  });
}
