import { MIB } from '../conformance/conformance-harness';
import { useLxcKit } from './lxc-test-kit';

// The processor is emulated.
jest.setTimeout(600_000);

const COUNT = `printf '%s\\n' '[Service]' "ExecStart=/bin/bash -c 'n=0; while :; do n=\\$((n+1)); echo \\$n >/root/count; sleep 0.05; done'" >/etc/systemd/system/counter.service
systemctl daemon-reload; systemctl start counter`;

// busybox has neither groups of its own nor watches on their files: what CRIU forgets of those on cgroup v2 shows here only.
describe.each(['debian-12', 'debian-13'])('lxc on cgroup v2: %s', (template) => {
  const kit = useLxcKit(template);

  it('goes on from a checkpoint, and from one of what went on', async () => {
    const limits = { ram_bytes: 512 * MIB, num_proc: 500, disk_bytes: 1024 * MIB };
    const { id } = await kit().started({ limits });
    const { runtime, inside, until } = kit();
    const system = () => inside(id, 'systemctl is-system-running || :');
    await until('the end of the boot', async () => (await system()) === 'running\n', 180_000);
    await inside(id, COUNT);
    const count = async () => Number(await inside(id, 'cat /root/count 2>/dev/null || echo 0'));
    await until('the counter', async () => (await count()) > 0);
    for (let turn = 0; turn < 2; turn++) {
      const before = await count();
      await runtime.checkpoint(id, { fence: 1 });
      expect((await runtime.inspect(id))?.state).toBe('checkpointed');
      await runtime.restore(id, { fence: 1 });
      await until('the counter goes on', async () => (await count()) > before);
      expect(await system()).toBe('running\n');
      // systemd still hears of what happens in its groups.
      await inside(id, 'systemctl restart counter; systemctl is-active counter');
    }
  });
});
