import { execFileSync } from 'node:child_process';
import { HostScripts } from './host-scripts';

const scripts = new HostScripts();

it('names the directory on the host by the content of the files', () => {
  expect(scripts.lib).toMatch(/^\/var\/lib\/berth\/lib\/[0-9a-f]{16}$/);
  expect(new HostScripts().lib).toBe(scripts.lib);
});

it('ships what the driver calls, and hooks that a container’s configuration names', () => {
  const names = scripts.files.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['common.sh', 'hook-start-host', 'hook-post-stop']));
});

it.each(scripts.files.map(({ name, text }) => [name, text]))('%s is a sound script', (_name, text) => {
  const [, shell = 'bash'] = /^#!\S*\/(\w+)/.exec(text) ?? [];
  execFileSync(shell, [shell === 'perl' ? '-c' : '-n'], { input: text, stdio: 'pipe' });
});

it('quotes the arguments of a call', () => {
  const { script } = scripts.call('container', 'berth_set_hostname', ['ct1', 5, "a'; id"]);
  expect(script).toBe(`berth_set_hostname ct1 5 'a'\\''; id'`);
});

it('keeps what is sent as one argument far below what Linux takes, quoting included', () => {
  const call = scripts.inlineCall('inspect', 'berth_inspect_host');
  expect(call.replaceAll("'", "'\\''").length).toBeLessThan(100_000);
});
