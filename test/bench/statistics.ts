/** The middle value; of an even number the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error('no values');
  return middle;
}

export interface Row {
  what: string;
  /** Of ours and of the floor measured beside it, in the unit that `what` names. */
  ours: number;
  floor: number;
  ratio: number;
  /** What the project promises; null where nothing is promised. */
  atMost: number | null;
}

export function row(
  what: string,
  ours: readonly number[],
  floor: readonly number[],
  atMost: number | null,
): Row {
  const [a, b] = [median(ours), median(floor)];
  return { what, ours: a, floor: b, ratio: a / b, atMost };
}

const format = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** A plain table: what, ours, floor, ratio, bound. */
export function table(rows: readonly Row[]): string {
  const cells = [
    ['what', 'ours', 'floor', 'ratio', 'promised'],
    ...rows.map((one) => [
      one.what,
      format(one.ours),
      format(one.floor),
      one.ratio.toFixed(2),
      one.atMost === null ? '' : `≤ ${one.atMost}`,
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n');
}
