import { execFileSync } from 'node:child_process';
import { shellCommand, shellQuote } from './shell-quote';

const NASTY = [
  '',
  ' ',
  "'",
  "''",
  '"',
  '\\',
  '$HOME',
  '$(id)',
  '`id`',
  ';',
  '&',
  '|',
  '\n',
  '\t',
  '*',
  '~',
  '!',
  '#',
  '-n',
  'ü',
  "a'b'c",
];

it.each(['sh', 'bash'])('gives every argument to %s as it was', (shell) => {
  const command = `printf '%s\\0' ${shellCommand(NASTY)}`;
  const got = execFileSync(shell, ['-c', command], { encoding: 'utf8' });
  expect(got.split('\0').slice(0, -1)).toEqual(NASTY);
});

it('gives every single character as it was', () => {
  const all = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1));
  const got = execFileSync('sh', ['-c', `printf '%s\\0' ${shellCommand(all)}`], { encoding: 'utf8' });
  expect(got.split('\0').slice(0, -1)).toEqual(all);
});

it('refuses NUL', () => {
  expect(() => shellQuote('a\0b')).toThrow(TypeError);
});
