import { newcArchive } from './newc-archive';

/** Reads it as the kernel's documentation describes it (buffer-format.rst). */
function membersOf(archive: Buffer): [path: string, mode: string, data: string][] {
  const members: [string, string, string][] = [];
  for (let at = 0; at < archive.length;) {
    const field = (index: number): number =>
      parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const [size, nameLength] = [field(6), field(11)];
    const name = archive.toString('utf8', at + 110, at + 110 + nameLength - 1);
    const start = (at + 110 + nameLength + 3) & ~3;
    members.push([name, field(1).toString(8), archive.toString('utf8', start, start + size)]);
    at = (start + size + 3) & ~3;
  }
  return members;
}

it('holds directories and files of any length, each aligned to four bytes', () => {
  const archive = newcArchive([
    { path: 'etc/', mode: 0o755 },
    { path: 'etc/a', mode: 0o600, data: 'x' },
    { path: 'etc/bc', mode: 0o644, data: Buffer.from('four') },
    { path: 'etc/def', mode: 0o644, data: 'schön' },
  ]);
  expect(archive.length % 4).toBe(0);
  expect(membersOf(Buffer.concat([archive, newcArchive([{ path: 'b', mode: 0o644 }])]))).toEqual([
    ['etc', '40755', ''],
    ['etc/a', '100600', 'x'],
    ['etc/bc', '100644', 'four'],
    ['etc/def', '100644', 'schön'],
    ['TRAILER!!!', '0', ''],
    ['b', '100644', ''],
    ['TRAILER!!!', '0', ''],
  ]);
});
