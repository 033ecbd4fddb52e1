import { FileStore, SimulatedFleet } from '@berth/runtime';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layFoundations, Platform, type Foundations } from './platform';

/** A platform on simulated hosts that outlive their workers, as hosts do. */
export class SimulatedPlatform extends Platform {
  private constructor(
    foundations: Foundations,
    /** The same hosts as the workers see. */
    readonly fleet: SimulatedFleet,
    private readonly dir: string,
  ) {
    super(foundations);
  }

  static async open(
    given: { cidr?: string; redisUrl?: string; environment?: Record<string, string> } = {},
  ): Promise<SimulatedPlatform> {
    const dir = await mkdtemp(join(tmpdir(), 'berth-chaos-'));
    const foundations = await layFoundations({
      cidr: given.cidr ?? '10.90.0.0/16',
      template: {},
      templateRoot: dir,
      redisUrl: given.redisUrl,
      environment: { BERTH_SIMULATED_DIR: dir, ...given.environment },
    });
    return new SimulatedPlatform(foundations, new SimulatedFleet(new FileStore(dir)), dir);
  }

  /** The simulated machine of the world's host. */
  get machine() {
    return this.fleet.host(this.world.host.id);
  }

  override async close(): Promise<void> {
    await super.close();
    await rm(this.dir, { recursive: true });
  }
}
