import { Console } from '../console';
import { PROJECT_ROOT } from '../paths';
import { JestRun } from './jest-run';
import type { TestCounts } from './progress-reporter';
import { sweepDeadRuns, TEST_ENVIRONMENT, TestServices } from './test-services';

const SHORT_VM_TESTS = ['lxc-conformance.vm-spec', 'lxc-power-loss.vm-spec', 'lxc-systemd.vm-spec'];
/** Tests that move servers between hosts. */
const TWO_HOSTS = /migration|precopy/;

/** What a test command runs; stops it early. */
interface Run {
  run(): Promise<TestCounts>;
  interrupt(): void;
  interrupted: boolean;
}

/**
 * `npm test`: first what needs no lab, on all cores, while the lab comes up; then the system tests one by one, since they
 * cut networks and kill hosts.
 * @returns 0 if at least one test ran and none failed; 130 after Ctrl-C
 */
export function testCommand(patterns: string[]): Promise<number> {
  return runTests((services, console) => new TestRun(patterns, services, console));
}

/**
 * `npm run test:vm`: what runs in virtual machines, on a kernel of their own with nothing but cgroup v2. The short form is
 * for every landing: the runtime's contract alone.
 */
export function vmTestCommand(patterns: string[], options: { short: boolean }): Promise<number> {
  const chosen = options.short && patterns.length === 0 ? SHORT_VM_TESTS : patterns;
  return runTests((services, console) => new VmTestRun(chosen, services, console));
}

/** Servers and lab are started once for all and taken down at the end in any case. */
async function runTests(make: (services: TestServices, console: Console) => Run): Promise<number> {
  const console = new Console();
  await sweepDeadRuns(PROJECT_ROOT);
  const services = new TestServices(PROJECT_ROOT, (message) => console.say(`  lab: ${message}`));
  const run = make(services, console);
  const onSignal = () => run.interrupt();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  let counts: TestCounts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = await run.run();
  } catch (error) {
    counts = { ...counts, failed: counts.failed + 1 };
    console.say(`! ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  await services.stop().catch((error: unknown) => {
    counts = { ...counts, failed: counts.failed + 1 };
    console.say(`! taking down what the tests ran on failed: ${String(error)}`);
  });
  const exitCode = run.interrupted ? 130 : verdict(counts, console);
  console.say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return exitCode;
}

function verdict({ passed, failed }: TestCounts, console: Console): number {
  if (failed > 0) return 1;
  if (passed > 0) return 0;
  console.say(
    '! No test ran: does the pattern match a file? (*.spec.ts, *.int-spec.ts, *.sys-spec.ts; test:vm: *.vm-spec.ts)',
  );
  return 1;
}

class TestRun implements Run {
  interrupted = false;
  private readonly all: JestRun;
  private readonly quick: JestRun;
  private readonly system: JestRun;

  constructor(
    patterns: string[],
    private readonly services: TestServices,
    private readonly console: Console,
  ) {
    this.all = new JestRun(['unit', 'integration', 'system'], patterns, 2);
    this.quick = new JestRun(['unit', 'integration'], patterns, 2);
    this.system = new JestRun(['system'], patterns, 1);
  }

  async run(): Promise<TestCounts> {
    const files = await this.all.files();
    const wantsLab = files.some((file) => file.endsWith('.sys-spec.ts'));
    if (wantsLab || files.some((file) => file.endsWith('.int-spec.ts'))) {
      await this.console.step('Postgres and Redis for the tests', () => this.services.ensureDatabases());
    }
    const lab = wantsLab ? this.lab() : Promise.resolve();
    const quick = await this.quick.run();
    await lab;
    if (this.interrupted || !wantsLab) return quick;
    const system = await this.system.run();
    return {
      passed: quick.passed + system.passed,
      failed: quick.failed + system.failed,
      skipped: quick.skipped + system.skipped,
    };
  }

  interrupt(): void {
    this.interrupted = true;
    this.quick.stop();
    this.system.stop();
  }

  private async lab(): Promise<void> {
    await this.console.step('lab for the tests', () => this.services.ensureLab());
    const reason = process.env[TEST_ENVIRONMENT.noLab];
    if (reason) this.console.say(`! No lab on this machine, system tests are skipped: ${reason}`);
  }
}

class VmTestRun implements Run {
  interrupted = false;
  private readonly jest: JestRun;

  constructor(
    patterns: string[],
    private readonly services: TestServices,
    private readonly console: Console,
  ) {
    this.jest = new JestRun(['vm'], patterns, 1);
  }

  async run(): Promise<TestCounts> {
    const files = await this.jest.files();
    if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
    const hosts = files.some((file) => TWO_HOSTS.test(file)) ? 2 : 1;
    await this.console.step('virtual machines for the tests', () => this.services.ensureVmLab(hosts));
    const reason = process.env[TEST_ENVIRONMENT.noLab];
    if (reason) this.console.say(`! No virtual machines here, their tests are skipped: ${reason}`);
    return this.interrupted ? { passed: 0, failed: 0, skipped: 0 } : this.jest.run();
  }

  interrupt(): void {
    this.interrupted = true;
    this.jest.stop();
  }
}
