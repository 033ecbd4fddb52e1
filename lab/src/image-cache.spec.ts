import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cached, cacheDir, pruneImages } from './image-cache';

const DAY_MS = 86_400_000;
const before = process.env.XDG_CACHE_HOME;
const silent = (): void => undefined;

beforeEach(() => {
  process.env.XDG_CACHE_HOME = mkdtempSync(path.join(tmpdir(), 'berth-cache-'));
});
afterEach(() => {
  rmSync(process.env.XDG_CACHE_HOME as string, { recursive: true });
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
});

const at = (name: string): string => path.join(cacheDir(), name);

/** An entry that was made, and last asked for, so many days ago. */
function entry(name: string, days: number): void {
  const time = new Date(Date.now() - days * DAY_MS);
  mkdirSync(at(name), { recursive: true });
  writeFileSync(at(`.${name}.lock`), '');
  utimesSync(at(name), time, time);
  utimesSync(at(`.${name}.lock`), time, time);
}

const make = (name: string): Promise<string> =>
  cached(name, async (dir) => writeFileSync(path.join(dir, 'made'), ''), silent);

it('builds once, and shows an entry only when it is complete', async () => {
  let built = 0;
  const build = async (dir: string): Promise<void> => {
    built++;
    expect(existsSync(at('host-0123456789ab'))).toBe(false);
    writeFileSync(path.join(dir, 'made'), '');
  };
  const both = [1, 2].map(() => cached('host-0123456789ab', build, silent));
  expect(await Promise.all(both)).toEqual([at('host-0123456789ab'), at('host-0123456789ab')]);
  expect(built).toBe(1);
});

it('removes what nobody asked for in two weeks when it builds something, and nothing else', async () => {
  entry('host-aaaaaaaaaaaa', 15);
  entry('template-debian-12-aaaaaaaaaaaa', 15);
  entry('vm-bbbbbbbbbbbb', 13);
  entry('somebody-elses', 100);
  await make('host-cccccccccccc');
  const there = ['host-a', 'template-debian-12-a', 'vm-b', 'host-c'].map((name) =>
    existsSync(at(`${name}${name.at(-1)?.repeat(11)}`)),
  );
  expect(there).toEqual([false, false, true, true]);
  expect(existsSync(at('somebody-elses'))).toBe(true);
});

it('keeps an old one that is asked for again', async () => {
  entry('vm-aaaaaaaaaaaa', 15);
  await make('vm-aaaaaaaaaaaa');
  await pruneImages(silent);
  expect(existsSync(at('vm-aaaaaaaaaaaa'))).toBe(true);
});
