import { assertWithinQuota, UNLIMITED } from './quota';

const none = { servers: 0, cpus: 0, ram_bytes: 0, disk_bytes: 0, ipv4: 0, snapshots: 0, snapshot_bytes: 0 };

describe('quota', () => {
  it('lets the last unit in and refuses the next, saying what ran out', () => {
    const limit = { ...UNLIMITED, cpus: 2.5 };
    assertWithinQuota(limit, { ...none, cpus: 2 }, { ...none, cpus: 0.5 });
    expect(() => assertWithinQuota(limit, { ...none, cpus: 2.5 }, { ...none, cpus: 0.5 })).toThrow(
      expect.objectContaining({
        code: 'quota_exceeded',
        details: { resource: 'cpus', limit: 2.5, used: 2.5, requested: 0.5 },
      }),
    );
  });

  it('does not mind a quota that was lowered below its use, where nothing more of it is asked for', () => {
    expect(() =>
      assertWithinQuota({ ...UNLIMITED, ipv4: 1 }, { ...none, ipv4: 3 }, { ...none, servers: 1 }),
    ).not.toThrow();
  });
});
