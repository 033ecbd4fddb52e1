/** A file, or with a path that ends in a slash a directory, of an archive. */
export interface ArchiveEntry {
  /** Relative, without a leading slash. Directories come before what is in them. */
  path: string;
  /** Permission bits. */
  mode: number;
  data?: Buffer | string;
}

const TYPE_DIRECTORY = 0o040000;
const TYPE_FILE = 0o100000;

/**
 * A cpio archive in the `newc` format, all owned by root: what Linux unpacks as an initial RAM file system. Archives one
 * after the other are one archive, so a host's own files are simply added to the image's.
 */
export function newcArchive(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.map((entry, index) => member(entry, index + 1));
  return Buffer.concat([...parts, member({ path: 'TRAILER!!!', mode: 0 }, 0)]);
}

function member({ path, mode, data = '' }: ArchiveEntry, inode: number): Buffer {
  const isDirectory = path.endsWith('/');
  const name = Buffer.from(`${isDirectory ? path.slice(0, -1) : path}\0`);
  const content = Buffer.from(data as string);
  const type = inode === 0 ? 0 : isDirectory ? TYPE_DIRECTORY : TYPE_FILE;
  // ino, mode, uid, gid, links, mtime, size, device of the file, of the node, length of the name, checksum (unused)
  const fields = [inode, type | mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}
