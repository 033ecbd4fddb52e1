import { OutputLimit } from './output-limit';

function limited(limit: number, chunks: string[]): { kept: string; truncated: boolean } {
  const kept: Buffer[] = [];
  const output = new OutputLimit(limit, (chunk) => kept.push(chunk));
  for (const chunk of chunks) output.write(Buffer.from(chunk));
  return { kept: Buffer.concat(kept).toString(), truncated: output.truncated };
}

it.each([
  [['abc', 'def'], { kept: 'abcdef', truncated: false }],
  [['abc', 'defg'], { kept: 'abcdef', truncated: true }],
  [['abcdef', 'g', 'h'], { kept: 'abcdef', truncated: true }],
  [[], { kept: '', truncated: false }],
])('keeps the first bytes of %j', (chunks, expected) => {
  expect(limited(6, chunks)).toEqual(expected);
});
