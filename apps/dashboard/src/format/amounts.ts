const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const DECIMAL = ['', 'k', 'M', 'G', 'T'] as const;

const digits = (value: number) => (value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2);
const plain = (value: number) =>
  value.toLocaleString('en', { maximumFractionDigits: digits(value), useGrouping: false });

function scaled(value: number, step: number, units: readonly string[]): [string, string] {
  let unit = 0;
  let rest = Math.abs(value);
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  return [(value < 0 ? '-' : '') + plain(rest), units[unit] ?? ''];
}

/** 1536 → `1.5 KiB`. Null: no limit of its own. */
export function bytes(value: number | null | undefined): string {
  if (value == null) return '–';
  return scaled(value, 1024, BINARY).join(' ');
}

/** Bytes a second. */
export const byteRate = (value: number | null | undefined) => (value == null ? '–' : `${bytes(value)}/s`);

/** Bits a second: 1500000 → `1.5 Mbit/s`. */
export function bitRate(value: number | null | undefined): string {
  if (value == null) return '–';
  const [amount, unit] = scaled(value, 1000, DECIMAL);
  return `${amount} ${unit}bit/s`;
}

/** A bare count: 10000 → `10,000`. */
export const count = (value: number | null | undefined) =>
  value == null ? '–' : value.toLocaleString('en', { maximumFractionDigits: 2 });

export const percent = (value: number | null | undefined) => (value == null ? '–' : `${plain(value)} %`);

/** Micros of a currency's unit: (2500000, 'EUR') → `€2.50`. What is below a cent keeps its digits. */
export function money(micros: number, currency: string): string {
  const value = micros / 1_000_000;
  const fine = micros % 10_000 !== 0;
  const options = { style: 'currency', currency, ...(fine && { maximumFractionDigits: 6 }) } as const;
  try {
    return new Intl.NumberFormat('en', options).format(value);
  } catch {
    return `${value} ${currency}`; // a currency that the browser doesn't know
  }
}
