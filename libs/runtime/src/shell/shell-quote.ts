/**
 * The one way in which anything gets into a command line: single quotes, within which a POSIX shell knows no
 * special character. Throws on NUL, which no argument can carry.
 */
export function shellQuote(value: string): string {
  if (value.includes('\0')) throw new TypeError('an argument cannot hold a NUL byte');
  return /^[A-Za-z0-9_/:=.,@%+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** An argv as one command line. */
export function shellCommand(argv: readonly string[]): string {
  return argv.map(shellQuote).join(' ');
}
