import { bytes, count } from '../../format/amounts';

const HOUR_MS = 3_600_000;
const HOUR_US = 3_600_000_000;
const GIB_HOUR = 1024 ** 3 * HOUR_MS;

interface MeterInfo {
  label: string;
  help: string;
  /** Divides a quantity into what people count in. */
  unit: number;
  format: (value: number) => string;
}

const few = (value: number) => (value > 0 && value < 0.01 ? 'under 0.01' : count(value));
const hours = (value: number) => `${few(value)} h`;
const gibHours = (value: number) => `${few(value)} GiB·h`;
const addressHours = (value: number) => `${few(value)} address·h`;

const time = (state: string): MeterInfo => ({
  label: `Servers ${state}`,
  help: 'Hours of all servers together',
  unit: HOUR_MS,
  format: hours,
});

/** What is metered, in words, and its amounts in units that people know. */
export const meterInfo: Record<string, MeterInfo> = {
  running_time: time('running'),
  stopped_time: time('stopped'),
  frozen_time: time('frozen'),
  suspended_time: time('suspended'),
  error_time: time('broken'),
  creating_time: { ...time('being made'), help: 'Hours; not billed' },
  cpu: { label: 'Processor time', help: 'Hours of one CPU at work', unit: HOUR_US, format: hours },
  traffic_in: { label: 'Traffic in', help: 'Received by servers', unit: 1, format: bytes },
  traffic_out: { label: 'Traffic out', help: 'Sent by servers', unit: 1, format: bytes },
  allocated_ram: {
    label: 'Memory',
    help: 'Kept for servers: a GiB for an hour is one GiB·h',
    unit: GIB_HOUR,
    format: gibHours,
  },
  allocated_disk: { label: 'Disk', help: 'Kept for servers', unit: GIB_HOUR, format: gibHours },
  snapshot_storage: {
    label: 'Snapshots',
    help: 'Disk that snapshots hold',
    unit: GIB_HOUR,
    format: gibHours,
  },
  ipv4_addresses: {
    label: 'IPv4 addresses',
    help: 'An address for an hour is one address·h',
    unit: HOUR_MS,
    format: addressHours,
  },
  ipv6_addresses: { label: 'IPv6 networks', help: 'A /64 for an hour', unit: HOUR_MS, format: addressHours },
};

export const meterAmount = (meter: string, quantity: string) =>
  Number(quantity) / (meterInfo[meter]?.unit ?? 1);

export const meterText = (meter: string, quantity: string) =>
  (meterInfo[meter]?.format ?? count)(meterAmount(meter, quantity));
