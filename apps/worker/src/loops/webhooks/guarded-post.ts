import { isWebhookAddressAllowed, literalAddressOf } from '@berth/domain';
import { Resolver } from 'node:dns/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

/** Of a receiver's answer so much is read, and so much of that kept. */
const READ_BYTES = 64 * 1024;
const KEEP_CHARACTERS = 1000;

export interface PostOptions {
  headers: Record<string, string>;
  body: string;
  /** From the name's resolution to the end of the answer, ms. */
  timeoutMs: number;
  /** Networks that may be reached though they are not public. */
  allowed: readonly string[];
  /** Ends it early. */
  signal?: AbortSignal;
  /** All addresses of a name. Default: DNS. */
  resolve?: (name: string) => Promise<string[]>;
}

export interface PostAnswer {
  status: number;
  retryAfter: string | undefined;
  /** Its beginning, control characters taken out. */
  body: string;
}

/**
 * POSTs to a URL that a stranger gave us. The name is resolved here and the connection made to an address that was looked
 * at, so that no second answer of its DNS can lead it elsewhere. Redirects are answers like any other. Throws where there is
 * no answer in time, with a message for the customer.
 */
export async function guardedPost(target: string, options: PostOptions): Promise<PostAnswer> {
  const url = new URL(target);
  const late = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([late, options.signal]) : late;
  try {
    const addresses = await raced(signal, addressesOf(url, options.resolve ?? resolveName));
    const allowed = addresses.filter((address) => isWebhookAddressAllowed(address, options.allowed));
    if (allowed.length === 0) {
      // Which they are is not told: that would map a network for whoever may name hosts in it.
      throw new Error(`${url.hostname} has no address that webhooks may be sent to`);
    }
    return await post(url, options, allowed, signal);
  } catch (error) {
    if (late.aborted) throw new Error(`no answer within ${options.timeoutMs} ms`, { cause: error });
    throw error;
  }
}

async function addressesOf(url: URL, resolve: (name: string) => Promise<string[]>): Promise<string[]> {
  const literal = literalAddressOf(url);
  return literal === null ? resolve(url.hostname) : [literal];
}

/** By DNS alone: the machine's own file of names is none of a customer's business. Nor does it use up libuv's few threads. */
async function resolveName(name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 3000, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length === 0) throw new Error(`the name ${name} can't be resolved`);
  return found;
}

function post(
  url: URL,
  { headers, body }: PostOptions,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<PostAnswer> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      // A connection each: one that was kept might be closed by the other side just now, which looks like a failure.
      agent: false,
      lookup: lookupAmong(addresses),
      signal,
    });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      readStart(answer).then((text) => {
        const { statusCode: status = 0, headers: got } = answer;
        resolve({ status, retryAfter: got['retry-after'], body: text });
        sent.destroy();
      }, reject);
    });
    sent.end(body);
  });
}

const lookupAmong = (addresses: readonly string[]): LookupFunction => {
  const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return (_name, options, done) => {
    if (options.all) done(null, all);
    else done(null, all[0]!.address, all[0]!.family);
  };
};

async function readStart(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= READ_BYTES) break;
  }
  const text = Buffer.concat(chunks).toString('utf8').slice(0, KEEP_CHARACTERS);
  return text.replace(/[^\P{C}\n\t]/gu, '');
}

/** The promise's result, or the signal's reason. */
function raced<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
