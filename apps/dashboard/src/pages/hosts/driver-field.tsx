import { Group, Radio } from '@mantine/core';
import type { Host } from '../../api/types';

type Driver = Host['driver'];

const drivers: [Driver, string, string][] = [
  ['lxc', 'A machine', 'Linux with LXC, reached by SSH'],
  ['simulated', 'Simulated', 'No machine: to try things out'],
];

export function DriverField({ value, onChange }: { value: Driver; onChange: (driver: Driver) => void }) {
  return (
    <Radio.Group label="Kind" value={value} onChange={(driver) => onChange(driver as Driver)}>
      <Group gap="lg" mt={4}>
        {drivers.map(([driver, label, description]) => (
          <Radio key={driver} value={driver} label={label} description={description} />
        ))}
      </Group>
    </Radio.Group>
  );
}
