import { mustRun } from '../run';

const SETUP_SECTORS = 0x1f1;
const MAGIC = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;

const DECOMPRESSORS: Record<string, string> = { '28b52ffd': 'zstd', fd377a58: 'xz', '1f8b0800': 'gzip' };

/**
 * The uncompressed ELF kernel inside of a bzImage (Documentation/arch/x86/boot.rst has the offsets). QEMU starts it by
 * its PVH entry: under emulation, unpacking it in the guest at each boot would take longer than all the rest.
 */
export async function extractKernel(bzImage: Buffer, target: string): Promise<void> {
  if (bzImage.toString('latin1', MAGIC, MAGIC + 4) !== 'HdrS') throw new Error('not a bzImage of Linux');
  const start = (bzImage.readUInt8(SETUP_SECTORS) + 1) * 512 + bzImage.readUInt32LE(PAYLOAD_OFFSET);
  // The last four bytes are the size of what was packed, and no part of the stream.
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(PAYLOAD_LENGTH) - 4);
  const magic = payload.toString('hex', 0, 4);
  const program = DECOMPRESSORS[magic];
  if (!program) throw new Error(`the kernel is packed in a way that the lab does not know (${magic})`);
  await mustRun(['sh', '-c', `${program} -dc > "$1"`, 'sh', target], { input: payload });
}
