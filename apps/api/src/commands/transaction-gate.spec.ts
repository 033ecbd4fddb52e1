import { TransactionGate } from './transaction-gate';

/** A piece of work that runs until it is told to end. */
function piece(): { work: () => Promise<void>; started: () => boolean; end: () => void } {
  let running = false;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const work = () => {
    running = true;
    return ended;
  };
  return { work, started: () => running, end: () => end() };
}

describe('transaction gate', () => {
  it('leaves room for others when one key has many waiting', async () => {
    const gate = new TransactionGate({ total: 3, perKey: 2, maxWaitMs: 10_000 });
    const [a1, a2, a3, b1] = [piece(), piece(), piece(), piece()];
    const all = [
      gate.run('a', a1.work),
      gate.run('a', a2.work),
      gate.run('a', a3.work),
      gate.run('b', b1.work),
    ];
    await Promise.resolve();
    await Promise.resolve();
    expect([a1, a2, a3, b1].map((p) => p.started())).toEqual([true, true, false, true]);
    a1.end();
    await all[0];
    expect(gate.waiting).toBe(0);
    [a2, a3, b1].forEach((p) => p.end());
    await Promise.all(all);
    expect(a3.started()).toBe(true);
  });

  it('goes on after a failure', async () => {
    const gate = new TransactionGate({ total: 1, perKey: 1, maxWaitMs: 10_000 });
    const failing = gate.run('a', () => Promise.reject(new Error('no')));
    const next = gate.run('a', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
  });

  it('refuses who waited too long, and forgets it', async () => {
    const gate = new TransactionGate({ total: 1, perKey: 1, maxWaitMs: 10 });
    const first = piece();
    const running = gate.run('a', first.work);
    await expect(gate.run('a', () => Promise.resolve())).rejects.toMatchObject({ code: 'unavailable' });
    expect(gate.waiting).toBe(0);
    first.end();
    await running;
  });
});
