import { parseUrl } from '@berth/contracts';
import { StepError } from '@berth/domain';
import { Readable, Transform } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { OpenedSource } from './opened-source';

const MAX_REDIRECTS = 5;
const ANSWER_TIMEOUT_MS = 30_000;
/** A server that sends nothing for so long has gone. */
const STALL_TIMEOUT_MS = 60_000;
export const MAX_TEMPLATE_BYTES = 64 * 1024 ** 3;

/** Statuses after which the same request may succeed later. */
const PASSING = new Set([408, 425, 429]);

function failed(decision: 'retry' | 'abort', url: URL, why: string, cause?: unknown): StepError {
  return new StepError(decision, 'template_unavailable', `${url.href}: ${why}`, {}, { cause });
}

/** Opens an http(s) source. Redirects are followed to http(s) only. */
export async function openHttp(source: URL, signal: AbortSignal): Promise<OpenedSource> {
  const stall = new AbortController();
  let url = source;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await request(url, signal, stall);
    const location = response.status >= 300 && response.status < 400 && response.headers.get('location');
    if (!location) return read(url, response, stall);
    await response.body?.cancel();
    const next = parseUrl(location, url);
    if (!next) throw failed('abort', url, 'redirects to something that is no URL');
    url = next;
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new StepError(
        'abort',
        'template_source_refused',
        `${source.href} redirects to ${url.protocol}//`,
      );
    }
  }
  throw failed('abort', source, `more than ${MAX_REDIRECTS} redirects`);
}

async function request(url: URL, signal: AbortSignal, stall: AbortController): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_TIMEOUT_MS);
  try {
    return await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, stall.signal, late.signal]),
      headers: { accept: 'application/octet-stream, */*' },
    });
  } catch (error) {
    const cause = (error as Error).cause;
    const why = late.signal.aborted
      ? `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`
      : `can't be fetched: ${cause instanceof Error ? cause.message : (error as Error).message}`;
    throw failed('retry', url, why, error);
  } finally {
    clearTimeout(timer);
  }
}

async function read(url: URL, response: Response, stall: AbortController): Promise<OpenedSource> {
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    const decision = response.status >= 500 || PASSING.has(response.status) ? 'retry' : 'abort';
    throw failed(decision, url, `answered ${response.status} ${response.statusText}`.trimEnd());
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const sizeBytes = Number.isSafeInteger(length) ? length : null;
  if ((sizeBytes ?? 0) > MAX_TEMPLATE_BYTES) {
    await response.body.cancel();
    throw failed('abort', url, `is larger than ${MAX_TEMPLATE_BYTES} bytes`);
  }
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  const guard = watch(url, stall);
  body.on('error', (error) => guard.destroy(failed('retry', url, `broke off: ${error.message}`, error)));
  guard.on('close', () => body.destroy());
  return { stream: body.pipe(guard), sizeBytes };
}

/** Passes bytes through; ends the transfer that stalls or that grows beyond measure. */
function watch(url: URL, stall: AbortController): Transform {
  let bytes = 0;
  const stalled = () => {
    guard.destroy(failed('retry', url, `sent nothing for ${STALL_TIMEOUT_MS / 1000} s`));
    stall.abort();
  };
  let timer = setTimeout(stalled, STALL_TIMEOUT_MS);
  const guard = new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      clearTimeout(timer);
      timer = setTimeout(stalled, STALL_TIMEOUT_MS);
      bytes += chunk.length;
      if (bytes > MAX_TEMPLATE_BYTES) {
        done(failed('abort', url, `is larger than ${MAX_TEMPLATE_BYTES} bytes`));
      } else {
        done(null, chunk);
      }
    },
  });
  guard.on('close', () => clearTimeout(timer));
  return guard;
}
