import { useLxcKit } from './lxc-test-kit';

jest.setTimeout(600_000);

describe('lxc: a power loss', () => {
  const kit = useLxcKit();

  /** The kernel starts anew at once: what it had not written is lost. */
  const losePower = async () => {
    const boot = () => kit().host('cat /proc/sys/kernel/random/boot_id');
    const before = await boot();
    await kit().host('setsid sh -c "echo b >/proc/sysrq-trigger" </dev/null >/dev/null 2>&1 &');
    const another = () =>
      boot().then(
        (now) => now !== before,
        () => false,
      );
    await kit().until('the host is up again', another, 120_000);
  };

  it('takes back nothing that was answered a moment before', async () => {
    // Nobody flushes: btrfs itself would do so every 30 s only.
    const { id } = await kit().started({ limits: { ram_bytes: 64 * 1024 ** 2, num_proc: 100 } });
    await kit().runtime.applyLimits(id, { num_proc: 77 }, { fence: 2 });
    await kit().until('what is flushed behind our back', async () => {
      const left = await kit().host('pgrep -x sync || true');
      return left.trim() === '';
    });
    await losePower();
    const detail = await kit().runtime.inspect(id);
    expect(detail).toMatchObject({ state: 'stopped', fence: 2, limits: { num_proc: 77 } });
    await kit().runtime.start(id, { fence: 2 });
    expect(await kit().inside(id, 'cat /etc/hostname')).toBe(`${detail!.hostname}\n`);
  });
});
