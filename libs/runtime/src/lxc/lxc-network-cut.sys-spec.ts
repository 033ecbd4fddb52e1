import { execFileSync } from 'node:child_process';
import { useLxcKit } from './lxc-test-kit';

const kit = useLxcKit();

const answers = (address: string) => {
  try {
    execFileSync('ping', ['-c', '1', '-W', '1', address], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const stateOf = async (id: string) =>
  (await kit().runtime.snapshotHost()).containers.find((one) => one.id === id)?.state ?? null;

describe('lxc: a network that is cut', () => {
  it('is silent both ways while its processes go on, over reboots and starts, until it is mended', async () => {
    const { runtime } = kit();
    const { id, addresses } = await kit().started();
    const { address } = addresses[0]!;
    expect(answers(address)).toBe(true);
    for (let turn = 0; turn < 2; turn++) await runtime.cutNetwork(id, { fence: 1 });
    expect([answers(address), await stateOf(id)]).toEqual([false, 'running']);
    expect(await kit().inside(id, 'ping -c 1 -W 1 169.254.0.1 >/dev/null && echo heard || echo silent')).toBe(
      'silent\n',
    );

    const boot = () => kit().host(`cat /run/berth/state/${id}.pid`);
    const before = await boot();
    await kit().inside(id, 'reboot');
    await kit().until(
      'another boot',
      async () => (await boot()) !== before && (await stateOf(id)) === 'running',
    );
    expect(answers(address)).toBe(false);

    await runtime.stop(id, { fence: 1, timeoutMs: 2000 });
    await runtime.start(id, { fence: 1 });
    expect([answers(address), await stateOf(id)]).toEqual([false, 'running']);

    for (let turn = 0; turn < 2; turn++) await runtime.mendNetwork(id, { fence: 1 });
    await kit().until('it answers again', async () => answers(address));
    await runtime.destroy(id, { fence: 1 });
    expect(await kit().host(`ip route show table all | grep -w ${address} || true`)).toBe('');
  });

  it('is mended while it is stopped, too', async () => {
    const { runtime } = kit();
    const { id, addresses } = await kit().started();
    await runtime.cutNetwork(id, { fence: 1 });
    await runtime.stop(id, { fence: 1, timeoutMs: 2000 });
    await runtime.mendNetwork(id, { fence: 1 });
    await runtime.start(id, { fence: 1 });
    expect(answers(addresses[0]!.address)).toBe(true);
  });
});
