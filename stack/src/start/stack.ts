import { mkdirSync, rmSync } from 'node:fs';

import { Lab } from '@berth/lab';

import type { Console } from '../console';
import type { StackPaths } from '../paths';
import { ApiClient } from '../platform/api-client';
import { freePort } from '../services/free-port';
import { StackFile, type StackHost } from '../stack-file';
import { removeData } from '../stop/clean-up';
import { RunRecord } from '../supervision/run-record';
import {
  addSimulatedLocation,
  LAB_LOCATION,
  offersOf,
  offerTemplates,
  SIMULATED_LOCATION,
  simulatedOffers,
} from './catalogue';
import { type DataServer, providePostgres, provideRedis } from './data-servers';
import { migrate, seed, type Seed } from './database-setup';
import { type DemoServer, orderDemoServer } from './demo-order';
import { enrolLab, enrolSimulated } from './enrol';
import { bringLabUp, type LabWorld } from './lab-world';
import { Platform } from './platform';
import { sealingKeys } from './sealing-keys';
import type { StartOptions } from './start-options';
import { summary } from './summary';

const PREFERRED_API_PORT = 8080;
/** Where there is no lab, so many simulated hosts stand in for it. */
const STAND_IN_HOSTS = 2;

/** Everything one `npm start` runs: brought up in order, taken down in the opposite one. */
export class Stack {
  private readonly record: RunRecord;
  private readonly file: StackFile;
  private readonly undo: { what: string; run: () => Promise<void> }[] = [];

  constructor(
    private readonly paths: StackPaths,
    private readonly options: StartOptions,
    private readonly console: Console,
    private readonly signal: AbortSignal,
  ) {
    mkdirSync(paths.logs, { recursive: true });
    this.record = RunRecord.begin(paths.recordFile);
    this.file = new StackFile(paths.stackFile);
  }

  async start(): Promise<void> {
    // Side by side: the lab waits for mounts and boots, the rest for Postgres and Node.
    const [platform, lab] = await bothOrNeither(this.startPlatform(), this.startLab());
    this.signal.throwIfAborted();
    const operator = new ApiClient(platform.platform.apiUrl, platform.seed.operatorToken);
    const hosts = await this.console.step('seeding templates, addresses and hosts', () =>
      this.populate(operator, platform.postgres.url, lab),
    );
    this.signal.throwIfAborted();
    const content = {
      apiUrl: platform.platform.apiUrl,
      // The API serves it.
      dashboardUrl: platform.platform.apiUrl,
      tokens: {
        operator: platform.seed.operatorToken,
        billing: platform.seed.billingToken,
        customer: platform.seed.customerToken,
      },
      tenantId: platform.seed.tenantId,
      hosts,
      postgresUrl: platform.postgres.url,
      redisUrl: platform.redis.url,
      pids: platform.platform.pids(),
    };
    this.file.publish(content);
    const demo = this.options.demo ? await this.order(content.apiUrl, platform.seed, lab !== null) : null;
    for (const line of summary(content, demo, this.paths)) this.console.say(line);
  }

  /** Ends and removes what was started, last first, and goes on after failures. @returns whether all went well */
  async stop(): Promise<boolean> {
    this.file.remove();
    let clean = true;
    for (const { what, run } of this.undo.splice(0).reverse()) {
      try {
        await run();
      } catch (error) {
        clean = false;
        this.console.say(`! ${what} did not stop: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    // Kept when something is left: `npm stop` goes by it.
    if (clean) this.record.end();
    return clean;
  }

  private async startPlatform() {
    const postgres = await this.provide('Postgres', providePostgres);
    const redis = await this.provide('Redis', provideRedis);
    const seeded = await this.console.step('migrations and seed', async () => {
      await migrate(postgres.url);
      return seed(postgres.url);
    });
    this.signal.throwIfAborted();
    const platform = new Platform({
      paths: this.paths,
      record: this.record,
      console: this.console,
      postgresUrl: postgres.url,
      redisUrl: redis.url,
      keys: await sealingKeys(this.paths),
      apiPort: await freePort(Number(process.env.BERTH_API_PORT) || PREFERRED_API_PORT),
      onPid: (role, pid) => this.file.setPid(role, pid),
    });
    this.undo.push({
      what: 'API and worker',
      run: async () => {
        await platform.stop();
        rmSync(this.paths.simulated, { recursive: true, force: true });
      },
    });
    await this.console.step('API and worker', () => platform.start());
    return { postgres, redis, seed: seeded, platform };
  }

  private async provide(
    name: 'Postgres' | 'Redis',
    provider: (paths: StackPaths, env: NodeJS.ProcessEnv) => Promise<DataServer>,
  ): Promise<DataServer> {
    this.signal.throwIfAborted();
    const server = await this.console.step(name, () => provider(this.paths, process.env));
    const { own } = server;
    if (own) {
      this.record.setChild(name, own.pid);
      this.undo.push({
        what: name,
        run: async () => {
          await own.stop();
          removeData(this.paths, name);
        },
      });
    }
    return server;
  }

  private async startLab(): Promise<LabWorld | null> {
    if (this.options.hosts === 0) return null;
    // Registered first: a lab that came up half-way has to go down as well.
    this.undo.push({ what: 'the lab', run: async () => void (await Lab.open(this.paths.lab).down()) });
    return bringLabUp(this.paths.lab, this.options.hosts, this.console);
  }

  private async populate(
    operator: ApiClient,
    postgresUrl: string,
    lab: LabWorld | null,
  ): Promise<StackHost[]> {
    await offerTemplates(
      operator,
      lab ? offersOf(lab.templates) : simulatedOffers(this.paths.standInTemplates),
    );
    const hosts = lab ? await enrolLab(operator, lab.state) : [];
    if (!lab) {
      await addSimulatedLocation(operator, LAB_LOCATION);
      await enrolSimulated(operator, postgresUrl, LAB_LOCATION, STAND_IN_HOSTS);
    }
    const { simulated } = this.options;
    if (simulated > 0) {
      await addSimulatedLocation(operator, SIMULATED_LOCATION);
      await this.console.step(`enrolling ${simulated} simulated hosts`, () =>
        enrolSimulated(operator, postgresUrl, SIMULATED_LOCATION, simulated),
      );
    }
    return hosts;
  }

  private order(apiUrl: string, { customerToken }: Seed, real: boolean): Promise<DemoServer> {
    return orderDemoServer(new ApiClient(apiUrl, customerToken), this.paths, this.console, real);
  }
}

/** Waits for both even if one fails, so that nothing is still being made when the undoing starts. */
async function bothOrNeither<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
