import { limitsSchema } from './limits';

it('rounds memory down to whole pages', () => {
  expect(limitsSchema.parse({ ram_bytes: 256 * 1024 ** 2 + 4095 }).ram_bytes).toBe(256 * 1024 ** 2);
});

it('keeps fractions of a CPU', () => {
  expect(limitsSchema.parse({ cpu_limit_percent: 12.5 }).cpu_limit_percent).toBe(12.5);
});

it.each([
  { cpu_units: 7 },
  { cpu_units: 500_001 },
  { cpu_limit_percent: 0.5 },
  { ram_bytes: 1 },
  { ram_bytes: -4096 },
  { ram_bytes: 1.5 },
  { ram_bytes: '256M' },
  { disk_bytes: Number.MAX_SAFE_INTEGER + 1 },
  { cpu_mask: '0-2;reboot' },
  { io_priority: 8 },
  { unknown: 1 },
])('refuses %p', (limits) => {
  expect(limitsSchema.safeParse(limits).success).toBe(false);
});
