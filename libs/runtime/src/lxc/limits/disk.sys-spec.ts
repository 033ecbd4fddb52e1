import { MIB } from '../../conformance/conformance-harness';
import { useLoadKit } from './load-kit';

const kit = useLoadKit();
const RATE = 10_000_000;
const attempt = (id: string, line: string) =>
  kit().runtime.exec(id, ['sh', '-c', line], { timeoutMs: 120_000 });
const rateOf = async (id: string, resource: 'ioread' | 'iowrite', ms = 2000) => {
  const window = await kit().window(ms);
  return window.of(id, resource) / window.seconds;
};
/** Other load may slow it down for a while; nothing may let it be faster. */
async function expectRate(id: string, resource: 'ioread' | 'iowrite', rate: number, ms?: number) {
  const { median, mean } = await kit().steady(rate * 0.9, rate * 1.1, () => rateOf(id, resource, ms));
  expect(median).toBeGreaterThanOrEqual(rate * 0.9);
  expect(median).toBeLessThanOrEqual(rate * 1.1);
  expect(mean).toBeLessThanOrEqual(rate * 1.1);
}

describe('lxc: disks under load', () => {
  it('one large file ends at the size of the disk', async () => {
    const { id } = await kit().started({ limits: { disk_bytes: 200 * MIB } });
    const result = await attempt(id, 'dd if=/dev/zero of=/file bs=1M count=300 conv=fsync');
    expect(result.stderr).toMatch(/No space left|Quota exceeded/i);
    const size = Number(await kit().inside(id, 'sync; stat -c %s /file'));
    expect(size).toBeGreaterThan(200 * MIB * 0.99);
    expect(size).toBeLessThanOrEqual(200 * MIB);
    expect((await kit().counters(id)).diskspace.failcnt).toBeGreaterThan(0);
  });

  it('direct writes and reads keep to io_limit_bps, live', async () => {
    const { id } = await kit().started({ limits: { io_limit_bps: RATE, disk_bytes: 400 * MIB } });
    await kit().background(id, 'while :; do dd if=/dev/zero of=/out bs=256k count=400 oflag=direct; done');
    await expectRate(id, 'iowrite', RATE);
    await kit().runtime.applyLimits(id, { io_limit_bps: RATE / 2 }, { fence: 2 });
    await expectRate(id, 'iowrite', RATE / 2);
    await kit().runtime.applyLimits(id, { io_limit_bps: null }, { fence: 2 });
    const free = await kit().settle(RATE * 1.15, Infinity, () => rateOf(id, 'iowrite'));
    expect(free.at(-1)).toBeGreaterThan(RATE * 1.15);
    await kit().runtime.kill(id, { fence: 2 });
    await kit().runtime.start(id, { fence: 2 });
    await kit().inside(id, 'dd if=/dev/zero of=/in bs=1M count=100 conv=fsync');
    await kit().runtime.applyLimits(id, { io_limit_bps: RATE }, { fence: 2 });
    await kit().background(id, 'while :; do dd if=/in of=/dev/null bs=256k iflag=direct; done');
    await expectRate(id, 'ioread', RATE);
  });

  it('synced writes keep to it', async () => {
    const { id } = await kit().started({ limits: { io_limit_bps: RATE, disk_bytes: 400 * MIB } });
    // v1 counts a write when it is handed in, not when it is let through: so little at a time, and longer windows. Several,
    // since each also waits for a disk that others use.
    const write = 'while :; do dd if=/dev/zero of=/outN bs=512k count=1 conv=notrunc,fsync; done';
    for (let n = 0; n < 4; n++) await kit().background(id, write.replace('N', `${n}`));
    await expectRate(id, 'iowrite', RATE, 4000);
  });

  it('buffered writes keep to it as well (cgroup v2)', async () => {
    if ((await kit().runtime.inspectHost()).cgroup !== 'v2') return;
    const limits = { io_limit_bps: RATE, ram_bytes: 96 * MIB, disk_bytes: 2000 * MIB };
    const { id } = await kit().started({ limits });
    await kit().background(id, 'while :; do dd if=/dev/zero of=/out bs=1M count=1000; done');
    await expectRate(id, 'iowrite', RATE);
  });

  it('I/O operations keep to io_limit_iops', async () => {
    const { id } = await kit().started({ limits: { io_limit_iops: 100, disk_bytes: 400 * MIB } });
    await kit().inside(id, 'dd if=/dev/zero of=/in bs=1M count=20 conv=fsync');
    await kit().background(id, 'while :; do dd if=/in of=/dev/null bs=4k iflag=direct; done');
    await expectRate(id, 'ioread', 100 * 4096);
  });

  it('of two writers the one with the higher io_priority gets at least half as much again', async () => {
    const { capabilities } = await kit().runtime.inspectHost();
    if (!capabilities.includes('limit:io_priority')) return;
    const limits = { ram_bytes: 128 * MIB };
    const high = await kit().started({ limits: { ...limits, io_priority: 7 } });
    const low = await kit().started({ limits: { ...limits, io_priority: 0 } });
    // Small writes, so that the pool is what they compete for, not the memory behind a loop device.
    for (const { id } of [high, low])
      for (let n = 0; n < 4; n++)
        await kit().background(
          id,
          `while :; do dd if=/dev/zero of=/out${n} bs=4k count=4000 oflag=direct conv=notrunc; done`,
        );
    const ratio = async () => {
      const window = await kit().window(3000);
      return window.of(high.id, 'iowrite') / window.of(low.id, 'iowrite');
    };
    expect((await kit().steady(1.5, Infinity, ratio, 5)).median).toBeGreaterThanOrEqual(1.5);
  });
});
