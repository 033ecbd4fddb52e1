import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorBody } from '@berth/contracts';
import { translateError } from '../http/error-translation';

/** Answers an upgrade that is not to be, in the shape of all errors. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const refusal = translateError(error);
  const { code, message, details, status } = refusal;
  const requestId = randomUUID();
  const body: ErrorBody = { error: { code, message, details, request_id: requestId } };
  const text = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(text)}`,
      `X-Request-Id: ${requestId}`,
      'Connection: close',
      '',
      text,
    ].join('\r\n'),
  );
}
