import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { beancounterSchema, featureNames, limitNames } from '@berth/contracts';
import type { ContainerRuntime, ContainerSpec } from '../container-runtime';
import { RuntimeError } from '../runtime-error';
import type { RuntimeErrorCode } from '../runtime-error';
import { MIB } from './conformance-harness';
import type { ConformanceHarness } from './conformance-harness';
import { tinyTarball } from './tiny-tarball';

jest.setTimeout(120_000);

/** What every driver must do, and does in the same words. Call it at the top level of a spec file. */
export function describeConformance(driver: string, open: () => Promise<ConformanceHarness>): void {
  describe(`${driver}: the runtime contract`, () => {
    let harness: ConformanceHarness;
    let runtime: ContainerRuntime;
    const made: ContainerSpec[] = [];

    const newSpec = (change?: Partial<ContainerSpec>) => {
      const spec = harness.newSpec(change);
      made.push(spec);
      return spec;
    };
    const created = async (change?: Partial<ContainerSpec>) => {
      const spec = newSpec(change);
      await runtime.create(spec, { fence: 1 });
      return spec;
    };
    const started = async (change?: Partial<ContainerSpec>) => {
      const spec = await created(change);
      await runtime.start(spec.id, { fence: 1 });
      return spec;
    };
    const sh = (id: string, ...command: string[]) => runtime.exec(id, command, { timeoutMs: 10_000 });
    const stateOf = async (id: string) =>
      (await runtime.snapshotHost()).containers.find((one) => one.id === id)?.state ?? null;

    beforeAll(async () => {
      harness = await open();
      runtime = harness.runtime;
      await runtime.prepareHost();
      await runtime.ensureTemplate(harness.image, harness.open);
    });
    afterEach(async () => {
      for (const { id } of made.splice(0)) await runtime.destroy(id, { fence: 1_000_000 });
    });
    afterAll(() => harness?.close());

    describe('host', () => {
      it('tells its facts', async () => {
        const facts = await runtime.inspectHost();
        expect(facts.cpus).toBeGreaterThan(0);
        expect(facts.ramBytes).toBeGreaterThan(64 * MIB);
        expect(facts.disk.totalBytes).toBeGreaterThanOrEqual(facts.disk.freeBytes);
        expect(['v1', 'v2']).toContain(facts.cgroup);
        expect(facts.capabilities).toEqual(expect.arrayContaining(['exec', 'limit:ram_bytes']));
      });

      it('keeps its boot id when prepared again', async () => {
        const { bootId } = await runtime.prepareHost();
        expect(await runtime.prepareHost()).toEqual({ bootId });
        expect((await runtime.snapshotHost()).bootId).toBe(bootId);
      });
    });

    describe('templates', () => {
      it('fetches one that is there not again', async () => {
        const never = () => Promise.reject(new Error('must not be opened'));
        expect(await runtime.ensureTemplate(harness.image, never)).toBe('present');
      });

      it('refuses one with another sha256 and leaves nothing', async () => {
        const sha256 = createHash('sha256').update('something else').digest('hex');
        const attempt = runtime.ensureTemplate({ sha256, compression: 'none' }, async () =>
          Readable.from([Buffer.from('this is no tarball')]),
        );
        await expectCode(attempt, 'template_corrupt');
        await expectCode(
          runtime.create(newSpec({ templateSha256: sha256 }), { fence: 1 }),
          'template_missing',
        );
      });

      it('fetches one once for all who ask at a time; removes it, twice', async () => {
        const tarball = tinyTarball();
        const sha256 = createHash('sha256').update(tarball).digest('hex');
        let opened = 0;
        let progress = 0;
        const ensure = () =>
          runtime.ensureTemplate(
            { sha256, compression: 'none' },
            async () => {
              opened++;
              return Readable.from([tarball]);
            },
            { onProgress: (bytes) => (progress = bytes) },
          );
        const answers = await Promise.all([ensure(), ensure(), ensure()]);
        expect(answers.sort()).toEqual(['imported', 'present', 'present']);
        expect([opened, progress]).toEqual([1, tarball.length]);
        await runtime.removeTemplate(sha256);
        await runtime.removeTemplate(sha256);
        await expectCode(
          runtime.create(newSpec({ templateSha256: sha256 }), { fence: 1 }),
          'template_missing',
        );
      });

      it('does not make a container of one that is missing', async () => {
        const spec = newSpec({ templateSha256: 'a'.repeat(64) });
        await expectCode(runtime.create(spec, { fence: 1 }), 'template_missing');
        expect(await runtime.inspect(spec.id)).toBeNull();
      });
    });

    describe('life of a container', () => {
      it('creates, starts, stops and destroys, each of them twice', async () => {
        const spec = newSpec();
        for (let turn = 0; turn < 2; turn++) await runtime.create(spec, { fence: 1 });
        expect(await stateOf(spec.id)).toBe('stopped');

        for (let turn = 0; turn < 2; turn++) await runtime.start(spec.id, { fence: 1 });
        expect(await stateOf(spec.id)).toBe('running');
        const detail = await runtime.inspect(spec.id);
        expect(detail).toMatchObject({ id: spec.id, state: 'running', hostname: spec.hostname, fence: 1 });
        expect(detail?.addresses).toEqual(spec.addresses);
        expect(detail?.pid).toBeGreaterThan(1);

        for (let turn = 0; turn < 2; turn++) {
          expect(await runtime.stop(spec.id, { fence: 1, timeoutMs: 15_000 })).toBe('stopped');
        }
        expect(await stateOf(spec.id)).toBe('stopped');
        expect((await runtime.inspect(spec.id))?.pid).toBeNull();

        for (let turn = 0; turn < 2; turn++) await runtime.destroy(spec.id, { fence: 1 });
        expect(await stateOf(spec.id)).toBeNull();
        expect(await runtime.inspect(spec.id)).toBeNull();
      });

      it('creates and starts in one call, twice, also what exists and is stopped', async () => {
        const spec = newSpec();
        for (let turn = 0; turn < 2; turn++) await runtime.create(spec, { fence: 1, start: true });
        const detail = await runtime.inspect(spec.id);
        expect(detail).toMatchObject({
          state: 'running',
          hostname: spec.hostname,
          addresses: spec.addresses,
        });
        await runtime.kill(spec.id, { fence: 1 });
        await runtime.create({ ...spec, hostname: 'renamed' }, { fence: 1, start: true });
        expect(await runtime.inspect(spec.id)).toMatchObject({ state: 'running', hostname: 'renamed' });
        await runtime.destroy(spec.id, { fence: 1 });
      });

      it('starts again after a stop, with the disk as it was', async () => {
        const { id } = await started();
        await runtime.setHostname(id, 'kept-name', { fence: 2 });
        await runtime.stop(id, { fence: 2, timeoutMs: 15_000 });
        await runtime.start(id, { fence: 2 });
        expect((await sh(id, 'hostname')).stdout.trim()).toBe('kept-name');
      });

      it('kills at once, twice, and destroys what runs', async () => {
        const { id } = await started();
        for (let turn = 0; turn < 2; turn++) await runtime.kill(id, { fence: 1 });
        expect(await stateOf(id)).toBe('stopped');
        await runtime.start(id, { fence: 1 });
        await runtime.destroy(id, { fence: 1 });
        expect(await stateOf(id)).toBeNull();
      });

      it('makes one container of two creates at a time', async () => {
        const spec = newSpec();
        await Promise.all([runtime.create(spec, { fence: 1 }), runtime.create(spec, { fence: 1 })]);
        await Promise.all([runtime.start(spec.id, { fence: 1 }), runtime.start(spec.id, { fence: 1 })]);
        const { containers } = await runtime.snapshotHost();
        expect(containers.filter((one) => one.id === spec.id)).toEqual([
          { id: spec.id, state: 'running', fence: 1 },
        ]);
      });

      it('reconfigures an existing container when it is created again', async () => {
        const spec = await created();
        await runtime.create({ ...spec, hostname: 'second', limits: { num_proc: 77 } }, { fence: 2 });
        const detail = await runtime.inspect(spec.id);
        expect(detail).toMatchObject({ hostname: 'second', limits: { num_proc: 77 }, fence: 2 });
      });

      it('says not_found for what is not there', async () => {
        const { id } = newSpec();
        const fence = { fence: 1 };
        await expectCode(runtime.start(id, fence), 'not_found');
        await expectCode(runtime.stop(id, { ...fence, timeoutMs: 1000 }), 'not_found');
        await expectCode(runtime.kill(id, fence), 'not_found');
        await expectCode(runtime.applyLimits(id, { num_proc: 100 }, fence), 'not_found');
        await expectCode(runtime.setAddresses(id, [], fence), 'not_found');
        await expectCode(runtime.setHostname(id, 'x', fence), 'not_found');
        await expectCode(runtime.setDns(id, { nameservers: [], search: [] }, fence), 'not_found');
        await expectCode(runtime.setRootPassword(id, 'secret', fence), 'not_found');
        await expectCode(runtime.setSshKeys(id, [], fence), 'not_found');
        await expectCode(runtime.exec(id, ['true'], { timeoutMs: 1000 }), 'not_found');
      });
    });

    describe('fences', () => {
      it('refuses an older one, and changes nothing', async () => {
        const spec = newSpec();
        await runtime.create(spec, { fence: 7 });
        await runtime.start(spec.id, { fence: 7 });
        await expectCode(runtime.create({ ...spec, hostname: 'old' }, { fence: 6 }), 'fenced');
        await expectCode(runtime.start(spec.id, { fence: 6 }), 'fenced');
        await expectCode(runtime.stop(spec.id, { fence: 6, timeoutMs: 1000 }), 'fenced');
        await expectCode(runtime.kill(spec.id, { fence: 6 }), 'fenced');
        await expectCode(runtime.destroy(spec.id, { fence: 6 }), 'fenced');
        await expectCode(runtime.applyLimits(spec.id, { num_proc: 99 }, { fence: 6 }), 'fenced');
        await expectCode(runtime.setAddresses(spec.id, [], { fence: 6 }), 'fenced');
        await expectCode(runtime.setHostname(spec.id, 'old', { fence: 6 }), 'fenced');
        await expectCode(runtime.setRootPassword(spec.id, 'old', { fence: 6 }), 'fenced');
        await expectCode(runtime.setSshKeys(spec.id, [], { fence: 6 }), 'fenced');
        expect(await runtime.inspect(spec.id)).toMatchObject({
          state: 'running',
          hostname: spec.hostname,
          addresses: spec.addresses,
          fence: 7,
        });
      });

      it('remembers them beyond the end of the container', async () => {
        const spec = await created();
        await runtime.destroy(spec.id, { fence: 9 });
        await expectCode(runtime.create(spec, { fence: 8 }), 'fenced');
        expect(await runtime.inspect(spec.id)).toBeNull();
        await runtime.create(spec, { fence: 10 });
        expect((await runtime.inspect(spec.id))?.fence).toBe(10);
      });
    });

    describe('settings', () => {
      it.each(['stopped', 'running'])('changes them while %s, each twice', async (state) => {
        const { id, addresses } = state === 'running' ? await started() : await created();
        const other = harness.newSpec().addresses;
        const options = { fence: 2 };
        for (let turn = 0; turn < 2; turn++) {
          await runtime.setHostname(id, 'renamed.example.org', options);
          await runtime.setDns(id, { nameservers: ['192.0.2.53'], search: ['example.org'] }, options);
          await runtime.setRootPassword(id, 'a password: with $`"\' in it', options);
          await runtime.setSshKeys(id, [KEY], options);
          await runtime.setAddresses(id, [...addresses, ...other], options);
          await runtime.applyLimits(id, { num_proc: 120, cpu_units: 2000 }, options);
        }
        const detail = await runtime.inspect(id);
        expect(detail).toMatchObject({ state, hostname: 'renamed.example.org', limits: { num_proc: 120 } });
        expect(detail?.addresses).toEqual([...addresses, ...other]);
        await runtime.setAddresses(id, other, options);
        expect((await runtime.inspect(id))?.addresses).toEqual(other);
      });

      it('merges limits: named ones replace, null lifts, others stay', async () => {
        const { id } = await started({
          limits: { ram_bytes: 64 * MIB, num_proc: 100, disk_bytes: 100 * MIB },
        });
        await runtime.applyLimits(
          id,
          { ram_bytes: 96 * MIB, num_proc: null, cpu_limit_percent: 150.5 },
          { fence: 2 },
        );
        expect((await runtime.inspect(id))?.limits).toEqual({
          ram_bytes: 96 * MIB,
          disk_bytes: 100 * MIB,
          cpu_limit_percent: 150.5,
        });
      });

      it('refuses limits that it cannot enforce before it changes anything', async () => {
        const { capabilities } = await runtime.inspectHost();
        const lacking = limitNames.find((name) => !capabilities.includes(`limit:${name}`));
        if (!lacking) return; // This host can do all of them.
        const limits = { [lacking]: lacking.endsWith('mask') ? '0' : 4096 };
        const spec = newSpec({ limits });
        await expectCode(runtime.create(spec, { fence: 1 }), 'unsupported');
        expect(await runtime.inspect(spec.id)).toBeNull();
        const { id } = await created({ limits: { num_proc: 50 } });
        const attempt = runtime.applyLimits(id, { num_proc: 60, ...limits }, { fence: 2 });
        const error = await expectCode(attempt, 'unsupported');
        expect(error.details.capability).toBe(`limit:${lacking}`);
        await expectCode(runtime.checkLimits(id, limits), 'unsupported');
        expect((await runtime.inspect(id))?.limits).toEqual({ num_proc: 50 });
      });

      it('checks limits without changing any', async () => {
        const { id } = await started({ limits: { ram_bytes: 64 * MIB, num_proc: 50 } });
        await runtime.checkLimits(id, { ram_bytes: 96 * MIB, num_proc: 60, cpu_units: 500 });
        await expectCode(runtime.checkLimits(newSpec().id, { num_proc: 60 }), 'not_found');
        expect((await runtime.inspect(id))?.limits).toEqual({ ram_bytes: 64 * MIB, num_proc: 50 });
      });

      it.each(['stopped', 'running'])('switches features on and off while %s, each twice', async (state) => {
        const { capabilities } = await runtime.inspectHost();
        const features = featureNames.filter((name) => capabilities.includes(`feature:${name}`));
        const lacking = featureNames.find((name) => !capabilities.includes(`feature:${name}`));
        const { id } = state === 'running' ? await started() : await created();
        expect((await runtime.inspect(id))?.features).toEqual([]);
        for (const wanted of [features.slice(0, 2), features.slice(0, 2), [], []]) {
          await runtime.setFeatures(id, wanted, { fence: 2 });
          expect((await runtime.inspect(id))?.features).toEqual(wanted);
        }
        if (!lacking) return;
        const error = await expectCode(runtime.setFeatures(id, [lacking], { fence: 2 }), 'unsupported');
        expect(error.details.capability).toBe(`feature:${lacking}`);
      });

      it('refuses devices that are none', async () => {
        const { id } = await created();
        for (const device of ['/etc/passwd', '/dev/../etc/passwd', '/dev/a b', 'eth1;reboot', '']) {
          const attempt = runtime.setDevices(id, [{ device, access: 'rw' }], { fence: 2 });
          await expectCode(attempt, 'invalid_input');
        }
        expect((await runtime.inspect(id))?.devices).toEqual([]);
      });

      it('refuses input that could escape a command or a file', async () => {
        const { id, ...spec } = await created();
        const fence = { fence: 2 };
        const poison = 'x; touch /pwned';
        await expectCode(runtime.create({ ...spec, id: '../ct1' }, fence), 'invalid_input');
        await expectCode(runtime.create({ ...spec, id, hostname: poison }, fence), 'invalid_input');
        await expectCode(runtime.start('$(id)', fence), 'invalid_input');
        await expectCode(runtime.setHostname(id, 'a\nb', fence), 'invalid_input');
        await expectCode(runtime.setSshKeys(id, [`${KEY}\nssh-rsa AAAA`], fence), 'invalid_input');
        await expectCode(runtime.setRootPassword(id, 'a\nroot:x', fence), 'invalid_input');
        await expectCode(
          runtime.setAddresses(id, [{ address: '192.0.2.1; id', family: 4, prefix: 32 }], fence),
          'invalid_input',
        );
        await expectCode(runtime.setDns(id, { nameservers: [poison], search: [] }, fence), 'invalid_input');
        await expectCode(runtime.removeTemplate('../../etc'), 'invalid_input');
        expect(await runtime.inspect(id)).toMatchObject({ hostname: spec.hostname, fence: 1 });
      });
    });

    describe('exec', () => {
      it('passes arguments as they are, gives output and exit codes', async () => {
        const { id, hostname } = await started();
        const nasty = ['a b', '$(id)', '`id`', '"', "'", '\\', ';', '&&', '*', '', 'ü'];
        expect(await sh(id, 'echo', ...nasty)).toEqual({
          exitCode: 0,
          stdout: `${nasty.join(' ')}\n`,
          stderr: '',
          truncated: false,
        });
        expect((await sh(id, 'hostname')).stdout).toBe(`${hostname}\n`);
        expect((await sh(id, 'false')).exitCode).toBe(1);
        expect((await sh(id, 'sh', '-c', 'exit 42')).exitCode).toBe(42);
        expect((await sh(id, 'no-such-command')).exitCode).toBe(127);
      });

      it('feeds stdin, streams output and cuts it at the limit', async () => {
        const { id } = await started();
        const stdin = randomBytes(30_000).toString('hex');
        const chunks: Buffer[] = [];
        const all = await runtime.exec(id, ['cat'], {
          timeoutMs: 10_000,
          stdin,
          onStdout: (chunk) => chunks.push(chunk),
        });
        expect(all.stdout).toBe(stdin);
        expect(Buffer.concat(chunks).toString()).toBe(stdin);
        const cut = await runtime.exec(id, ['seq', '100000'], { timeoutMs: 10_000, maxOutputBytes: 1000 });
        expect(cut.truncated).toBe(true);
        expect(cut.stdout).toHaveLength(1000);
      });

      it('ends a command that takes too long or is aborted', async () => {
        const { id } = await started();
        await expectCode(runtime.exec(id, ['sleep', '60'], { timeoutMs: 300 }), 'timeout');
        const abort = new AbortController();
        const attempt = runtime.exec(id, ['sleep', '60'], { timeoutMs: 20_000, signal: abort.signal });
        setTimeout(() => abort.abort(), 200);
        await expectCode(attempt, 'aborted');
      });

      it('needs a running container', async () => {
        const { id } = await created();
        await expectCode(runtime.exec(id, ['true'], { timeoutMs: 1000 }), 'not_running');
      });
    });

    it('counts what containers use', async () => {
      const running = await started({ limits: { ram_bytes: 64 * MIB, num_proc: 50 } });
      const stopped = await created();
      const usage = await runtime.usage();
      const of = (id: string) => usage.find((one) => one.id === id)!;
      expect(of(running.id)).toMatchObject({ state: 'running' });
      expect(of(running.id).boot).toBeTruthy();
      expect(of(stopped.id)).toMatchObject({ state: 'stopped', boot: null, uptimeSeconds: null });
      const counters = of(running.id).beancounters;
      const byName = Object.fromEntries(counters.map((one) => [one.resource, one]));
      expect(byName.physpages).toMatchObject({ unit: 'pages', limit: (64 * MIB) / 4096 });
      expect(byName.numproc).toMatchObject({ unit: 'count', barrier: 50, limit: 50, failcnt: 0 });
      for (const one of counters) {
        expect(beancounterSchema.safeParse(one).success).toBe(true);
        expect(one.maxheld).toBeGreaterThanOrEqual(one.held);
      }
      const later = await runtime.beancounters(running.id);
      expect(later.boot).toBe(of(running.id).boot);
      const cputime = later.beancounters.find((one) => one.resource === 'cputime')!;
      expect(cputime.held).toBeGreaterThanOrEqual(byName.cputime!.held);
      await expectCode(runtime.beancounters(newSpec().id), 'not_found');
    });

    it('does not begin what was aborted before', async () => {
      const spec = newSpec();
      await expectCode(runtime.create(spec, { fence: 1, signal: AbortSignal.abort() }), 'aborted');
      expect(await runtime.inspect(spec.id)).toBeNull();
    });
  });
}

/** Of nobody: made for this file. */
export const KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJkH5mPsNa8sY5n1V0e6o0bYc1x0m7mQ8r2mS6wq1x2Y nobody@example.org';

export async function expectCode(attempt: Promise<unknown>, code: RuntimeErrorCode): Promise<RuntimeError> {
  const outcome = await attempt.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  if (!(outcome instanceof RuntimeError)) {
    throw outcome instanceof Error ? outcome : new Error(`expected ${code}, got ${JSON.stringify(outcome)}`);
  }
  if (outcome.code !== code) throw outcome;
  return outcome;
}
