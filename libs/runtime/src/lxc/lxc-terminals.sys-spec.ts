import { describeTerminals } from '../conformance/terminal-suite';
import { openLxcHarness } from './lxc-harness';
import { useLxcKit } from './lxc-test-kit';

describeTerminals('lxc', () => openLxcHarness());

describe('lxc: terminals', () => {
  const kit = useLxcKit();
  const SIZE = { columns: 80, rows: 24 };
  const one = { fence: 1 };

  it('opens no pty but the container’s own, wherever its /dev/pts leads', async () => {
    const { runtime, started, inside, host } = kit();
    const { id } = await started();
    await host('mkdir -p /tmp/berth-pts && rm -f /tmp/berth-pts/ptmx && mkfifo /tmp/berth-pts/ptmx');
    await inside(id, 'umount -l /dev/pts && rmdir /dev/pts && ln -s /tmp/berth-pts /dev/pts');
    await expect(runtime.openTerminal(id, SIZE)).rejects.toMatchObject({ code: 'command_failed' });
    await host('rm -r /tmp/berth-pts');
    await inside(id, 'rm /dev/pts; mkdir -p /dev/pts; rm -f /dev/pts/ptmx; mkfifo /dev/pts/ptmx');
    await expect(runtime.openTerminal(id, SIZE)).rejects.toMatchObject({ code: 'command_failed' });
  });

  it('ends by itself where its caller is gone without a word', async () => {
    const { started, inside, host, until } = kit();
    const { id } = await started();
    // Over connections of its own, which go down with it.
    const caller = await openLxcHarness();
    try {
      const terminal = await caller.runtime.openTerminal(id, SIZE);
      terminal.output.resume();
      await terminal.write(Buffer.from('sleep 777 &\r'));
      await until('the sleep', async () => (await inside(id, 'ps | grep "[s]leep 777" || :')) !== '');
      await host(`pid=$(pgrep -f "^berth-terminal ${id}"); kill -KILL $(ps -o ppid= -p $pid)`);
      expect(await terminal.ended).toMatchObject({ reason: 'lost' });
      await until('its end', async () => (await inside(id, 'ps | grep "[s]leep 777" || :')) === '');
      await until('its end on the host', async () => (await host(`ls /run/berth/terminals/${id}`)) === '');
      expect(await host(`pgrep -af "^berth-terminal ${id}" || :`)).toBe('');
    } finally {
      await caller.close();
    }
  });

  it('keeps what made a session of its own', async () => {
    const { runtime, started, inside, until } = kit();
    const { id } = await started();
    const own = async () => (await inside(id, 'ps | grep "[e]cho >/own" || :')) !== '';
    const terminal = await runtime.openTerminal(id, SIZE);
    terminal.output.resume();
    // In a loop, since CRIU interrupts a sleep, which ends busybox's.
    const line = 'setsid sh -c "echo >/own; while :; do sleep 1; done" </dev/null >/dev/null 2>&1 &\r';
    await terminal.write(Buffer.from(line));
    await until('its session', async () => (await inside(id, 'ls /own 2>/dev/null || :')) !== '');
    await until('its process', own);
    terminal.close();
    expect(await terminal.ended).toEqual({ reason: 'closed' });
    expect(await own()).toBe(true);
    await runtime.checkpoint(id, one);
    await runtime.restore(id, one);
    expect(await own()).toBe(true);
  });
});
