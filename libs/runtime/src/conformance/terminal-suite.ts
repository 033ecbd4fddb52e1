import type { ContainerRuntime } from '../container-runtime';
import type { Terminal } from '../terminal';
import type { ConformanceHarness } from './conformance-harness';
import { expectCode } from './conformance-suite';

const SIZE = { columns: 80, rows: 24 };

/** Terminals, of every driver. Beside `describeConformance`. */
export function describeTerminals(driver: string, open: () => Promise<ConformanceHarness>): void {
  describe(`${driver}: terminals`, () => {
    let harness: ConformanceHarness;
    let runtime: ContainerRuntime;
    const made: string[] = [];
    const one = { fence: 1 };

    const created = async (start = true) => {
      const spec = harness.newSpec();
      made.push(spec.id);
      await runtime.create(spec, { ...one, start });
      return spec;
    };

    beforeAll(async () => {
      harness = await open();
      runtime = harness.runtime;
      await runtime.prepareHost();
      await runtime.ensureTemplate(harness.image, harness.open);
    });
    afterEach(async () => {
      for (const id of made.splice(0)) await runtime.destroy(id, { fence: 1_000_000 });
    });
    afterAll(() => harness?.close());

    it('shows what is typed, has the size it is given, and ends with its shell', async () => {
      const { id, hostname } = await created();
      const terminal = await runtime.openTerminal(id, { columns: 100, rows: 30 });
      const screen = watch(terminal);
      await terminal.write(Buffer.from('stty size\r'));
      await screen.shows(/\n30 100\r\n/);
      terminal.resize(90, 20);
      await terminal.write(Buffer.from('stty size\r'));
      await screen.shows(/\n20 90\r\n/);
      await terminal.write(Buffer.from('hostname\r'));
      await screen.shows(new RegExp(`\\n${hostname}\\r\\n`));
      await terminal.write(Buffer.from('exit 7\r'));
      expect(await terminal.ended).toEqual({ reason: 'exited', exitCode: 7 });
      await terminal.write(Buffer.from('too late'));
    });

    it('is closed, twice, or by its signal', async () => {
      const { id } = await created();
      const terminal = await runtime.openTerminal(id, SIZE);
      for (let turn = 0; turn < 2; turn++) terminal.close();
      expect(await terminal.ended).toEqual({ reason: 'closed' });
      const abort = new AbortController();
      const other = await runtime.openTerminal(id, { ...SIZE, signal: abort.signal });
      abort.abort();
      expect(await other.ended).toEqual({ reason: 'closed' });
      await expectCode(runtime.openTerminal(id, { ...SIZE, signal: abort.signal }), 'aborted');
    });

    it('holds up a program whose output nobody reads', async () => {
      const { id } = await created();
      const terminal = await runtime.openTerminal(id, SIZE);
      await terminal.write(Buffer.from('yes\r'));
      let read = 0;
      for await (const bytes of terminal.output) if ((read += (bytes as Buffer).length) > 1024 ** 2) break;
      expect(read).toBeLessThan(2 * 1024 ** 2);
      terminal.close();
      expect(await terminal.ended).toEqual({ reason: 'closed' });
    });

    it.each(['stop', 'kill', 'destroy'] as const)('ends by %s of its container', async (verb) => {
      const { id } = await created();
      const terminal = await runtime.openTerminal(id, SIZE);
      watch(terminal);
      if (verb === 'stop') await runtime.stop(id, { ...one, timeoutMs: 15_000 });
      else await runtime[verb](id, one);
      expect(await terminal.ended).toEqual({ reason: 'stopped' });
    });

    it('lets its container be checkpointed, and ends for it', async () => {
      if (!(await runtime.inspectHost()).capabilities.includes('checkpoint')) return;
      const { id } = await created();
      const terminal = await runtime.openTerminal(id, SIZE);
      watch(terminal);
      await runtime.checkpoint(id, one);
      expect(await terminal.ended).toEqual({ reason: 'written_down' });
      await runtime.restore(id, one);
      const again = await runtime.openTerminal(id, SIZE);
      again.close();
      expect(await again.ended).toEqual({ reason: 'closed' });
    });

    it('stands still with a frozen container, and ends for its checkpoint', async () => {
      if (!(await runtime.inspectHost()).capabilities.includes('checkpoint')) return;
      const { id } = await created();
      const terminal = await runtime.openTerminal(id, SIZE);
      const screen = watch(terminal);
      await runtime.freeze(id, one);
      await expectCode(runtime.openTerminal(id, SIZE), 'not_running');
      await terminal.write(Buffer.from('echo "tha"wed\r'));
      await runtime.unfreeze(id, one);
      await screen.shows(/wed\r\n/);
      await runtime.freeze(id, one);
      await runtime.checkpoint(id, one);
      expect(await terminal.ended).toEqual({ reason: 'written_down' });
    });

    it('needs a running container, and a size', async () => {
      const { id } = await created(false);
      await expectCode(runtime.openTerminal(id, SIZE), 'not_running');
      await expectCode(runtime.openTerminal(harness.newSpec().id, SIZE), 'not_found');
      await expectCode(runtime.openTerminal(id, { columns: 0, rows: 24 }), 'invalid_input');
      await expectCode(runtime.openTerminal('$(id)', SIZE), 'invalid_input');
    });
  });
}

/** Reads all that it shows. */
function watch(terminal: Terminal): { shows(what: RegExp): Promise<void> } {
  let text = '';
  terminal.output.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  return {
    shows: async (what) => {
      while (!what.test(text)) {
        const more = new Promise<boolean>((resolve) => {
          terminal.output.once('data', () => resolve(true));
          void terminal.ended.then(() => resolve(false));
        });
        if (!(await more)) throw new Error(`it ended without ${what}: ${JSON.stringify(text.slice(-500))}`);
      }
      text = '';
    },
  };
}
