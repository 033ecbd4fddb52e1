import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { HostConnection } from '../host-connection';
import { expectCode } from '../conformance/conformance-suite';

const NASTY = ['a b', '$(id)', '`id`', '"', "'", '\\', ';', '&&', '*', '', 'ü', '\n'];

/** What every `HostConnection` does. */
export function describeConnection(kind: string, open: () => HostConnection): void {
  describe(`${kind}: the connection contract`, () => {
    let connection: HostConnection;
    beforeAll(() => {
      connection = open();
    });
    afterAll(() => connection.close());
    const exec = (command: string[], options = {}) =>
      connection.exec(command, { timeoutMs: 10_000, ...options });
    const gone = (marker: string) => exec(['sh', '-c', `! pgrep -f '[m]arker-${marker}' >/dev/null`]);

    it('runs an argv as it is and gives output and exit code', async () => {
      expect((await exec(['printf', '%s\\0', ...NASTY])).stdout.split('\0').slice(0, -1)).toEqual(NASTY);
      expect(await exec(['sh', '-c', 'echo out; echo err >&2; exit 42'])).toEqual({
        exitCode: 42,
        stdout: 'out\n',
        stderr: 'err\n',
        truncated: false,
      });
      expect((await exec(['sh', '-c', 'kill -TERM $$'])).exitCode).toBe(143);
      expect((await exec(['no-such-command'])).exitCode).toBe(127);
    });

    it('feeds stdin, also when the command does not read it', async () => {
      const stdin = randomBytes(300_000).toString('hex');
      expect((await exec(['cat'], { stdin })).stdout).toBe(stdin);
      expect((await exec(['true'], { stdin })).exitCode).toBe(0);
    });

    it('keeps what was asked for of the output', async () => {
      const result = await exec(['seq', '100000'], { maxOutputBytes: 10 });
      expect(result).toMatchObject({ stdout: '1\n2\n3\n4\n5\n', truncated: true });
    });

    it('runs a script with input, log lines and strict mode', async () => {
      const lines: string[] = [];
      const script = 'read -r line; echo "got $line"; echo one >&2; echo two >&2';
      const output = await connection.script(script, {
        action: 'try',
        input: 'secret\n',
        onLog: (line) => lines.push(line),
      });
      expect(output).toBe('got secret\n');
      expect(lines).toEqual(['one', 'two']);
      await expectCode(connection.script('false; echo reached', { action: 'try' }), 'command_failed');
      await expectCode(connection.script('echo $undefined_name', { action: 'try' }), 'command_failed');
      await expectCode(connection.script('false | true', { action: 'try' }), 'command_failed');
    });

    it('takes the error that a script prints', async () => {
      const attempt = connection.script('echo noise >&2; echo "berth-error: fenced by 9" >&2; exit 70', {
        action: 'start ct1',
      });
      const error = await expectCode(attempt, 'fenced');
      expect(error.message).toBe(`${connection.host}: cannot start ct1: by 9`);
      expect(error.details).toMatchObject({ exitCode: 70, logTail: 'noise\nberth-error: fenced by 9' });
      expect(error.retryable).toBe(false);
      const full = connection.script('echo "write error: No space left on device" >&2; exit 1', {
        action: 'x',
      });
      await expectCode(full, 'no_space');
    });

    it('uploads a stream, and fails with its source', async () => {
      const data = Array.from({ length: 50 }, () => randomBytes(20_000));
      const size = await connection.upload('wc -c', Readable.from(data), { action: 'upload' });
      expect(Number(size)).toBe(1_000_000);
      const broken = Readable.from(
        (async function* () {
          yield Buffer.from('begin');
          throw new Error('the source broke');
        })(),
      );
      await expect(connection.upload('cat', broken, { action: 'upload' })).rejects.toThrow(
        'the source broke',
      );
    });

    it.each(['timeout', 'aborted'] as const)('ends the remote command and its children: %s', async (code) => {
      const marker = randomBytes(6).toString('hex');
      const abort = new AbortController();
      const script = `sh -c 'sleep 60; : marker-${marker}' & echo ready >&2; wait`;
      const attempt = connection.script(script, {
        action: 'wait',
        timeoutMs: code === 'timeout' ? 700 : 20_000,
        signal: abort.signal,
        onLog: () => code === 'aborted' && abort.abort(),
      });
      await expectCode(attempt, code);
      const deadline = Date.now() + 5000;
      while ((await gone(marker)).exitCode !== 0) {
        if (Date.now() > deadline) throw new Error('the remote command is still there');
      }
    });

    it('runs forty commands at a time', async () => {
      const results = await Promise.all(Array.from({ length: 40 }, (_, turn) => exec(['echo', `${turn}`])));
      expect(results.map(({ stdout }) => Number(stdout))).toEqual(
        Array.from({ length: 40 }, (_, turn) => turn),
      );
    });
  });
}
