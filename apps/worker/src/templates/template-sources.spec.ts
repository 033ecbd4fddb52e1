import { createServer, type RequestListener, type Server } from 'node:http';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { openFile } from './file-source';
import { openHttp } from './http-source';

const SIGNAL = new AbortController().signal;

describe('file sources', () => {
  let dir: string;
  let roots: string[];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'berth-source-'));
    roots = [join(dir, 'allowed'), join(dir, 'not-there')];
    await mkdir(join(dir, 'allowed/sub'), { recursive: true });
    await mkdir(join(dir, 'allowed-not'));
    await writeFile(join(dir, 'allowed/sub/good.tar'), 'good');
    await writeFile(join(dir, 'secret'), 'secret');
    await writeFile(join(dir, 'allowed-not/other.tar'), 'other');
    await symlink(join(dir, 'secret'), join(dir, 'allowed/link'));
    await symlink(join(dir, 'allowed/sub'), join(dir, 'way-in'));
  });
  afterAll(async () => rm(dir, { recursive: true }));

  const open = (path: string) => openFile(pathToFileURL(join(dir, path)), roots);

  it.each(['allowed/sub/good.tar', 'way-in/good.tar'])('opens %s', async (path) => {
    const { stream, sizeBytes } = await open(path);
    expect(sizeBytes).toBe(4);
    expect((await buffer(stream)).toString()).toBe('good');
  });

  it.each([
    ['secret', 'template_source_refused'],
    ['allowed/link', 'template_source_refused'],
    ['allowed/../secret', 'template_source_refused'],
    ['allowed-not/other.tar', 'template_source_refused'],
    ['allowed/sub', 'template_source_refused'],
    ['allowed/sub/missing.tar', 'template_unavailable'],
  ])('refuses %s: %s', async (path, code) => {
    await expect(open(path)).rejects.toMatchObject({ code, decision: 'abort' });
  });

  it('refuses another host, and everything where no directory is allowed', async () => {
    await expect(openFile(new URL('file://elsewhere/etc/passwd'), ['/'])).rejects.toMatchObject({
      code: 'template_source_refused',
    });
    await expect(openFile(pathToFileURL(join(dir, 'allowed/sub/good.tar')), [])).rejects.toMatchObject({
      code: 'template_source_refused',
    });
  });
});

describe('http sources', () => {
  let server: Server;
  let origin: string;
  const answers: Record<string, RequestListener> = {
    '/good': (_, answer) => answer.writeHead(200, { 'content-length': 4 }).end('good'),
    '/moved': (_, answer) => answer.writeHead(302, { location: '/good' }).end(),
    '/round': (_, answer) => answer.writeHead(302, { location: '/round' }).end(),
    '/to-file': (_, answer) => answer.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    '/busy': (_, answer) => answer.writeHead(503).end(),
    '/gone': (_, answer) => answer.writeHead(404).end(),
    '/huge': (_, answer) => answer.writeHead(200, { 'content-length': 10 ** 15 }).end(),
    '/broken': (_, answer) => {
      answer.writeHead(200, { 'content-length': 100 });
      answer.write('some', () => answer.destroy());
    },
  };
  beforeAll(async () => {
    server = createServer((request, answer) => answers[request.url!]!(request, answer));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const open = (path: string) => openHttp(new URL(path, origin), SIGNAL);

  it.each(['/good', '/moved'])('opens %s', async (path) => {
    const { stream, sizeBytes } = await open(path);
    expect(sizeBytes).toBe(4);
    expect((await buffer(stream)).toString()).toBe('good');
  });

  it.each([
    ['/round', 'abort', 'template_unavailable'],
    ['/to-file', 'abort', 'template_source_refused'],
    ['/busy', 'retry', 'template_unavailable'],
    ['/gone', 'abort', 'template_unavailable'],
    ['/huge', 'abort', 'template_unavailable'],
  ])('refuses %s: %s, %s', async (path, decision, code) => {
    await expect(open(path)).rejects.toMatchObject({ code, decision });
  });

  it('says of a transfer that breaks off that it may be tried again', async () => {
    const { stream } = await open('/broken');
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'template_unavailable', decision: 'retry' });
  });

  it('says of a server that is away that it may come back', async () => {
    await expect(openHttp(new URL('http://127.0.0.1:1/x'), SIGNAL)).rejects.toMatchObject({
      decision: 'retry',
    });
  });
});
