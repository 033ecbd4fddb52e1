import { SimpleGrid, Stack, Text } from '@mantine/core';
import type { Host } from '../../api/types';
import { CopyValue } from '../../components/copy-value';
import { Facts } from '../../components/facts';
import { FillBar } from '../../components/fill-bar';
import { Card } from '../../components/page';
import { When } from '../../components/when';
import { bytes, count } from '../../format/amounts';
import { limitInfo, type LimitName } from '../../format/limits';
import { words } from '../../format/words';
import { HostCharts } from './host-charts';
import { hostFills } from './host-fill';

export function HostOverview({ host }: { host: Host }) {
  return (
    <Stack>
      <Card title="Promised to servers">
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="lg">
          {hostFills(host).map(({ resource, label, used, limit, format }) => (
            <FillBar
              key={resource}
              label={label}
              used={used}
              limit={limit}
              format={format}
              note={noteOf(format(capacityOf(host)[resource]), host.overcommit[resource])}
            />
          ))}
        </SimpleGrid>
      </Card>
      <HostCharts host={host} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card title="About">
          <Facts facts={about(host)} />
        </Card>
        <Card title="What it can do">
          <Capabilities host={host} />
        </Card>
      </SimpleGrid>
    </Stack>
  );
}

const noteOf = (capacity: string, factor: number) =>
  factor === 1 ? 'All that the host has' : `The host has ${capacity}, which may be promised ${factor} times`;

const capacityOf = ({ capacity: { cpus, ram_bytes, disk_bytes } }: Host) => ({
  cpus,
  ram: ram_bytes,
  disk: disk_bytes,
});

const inWords = (name: string) =>
  (name in limitInfo ? limitInfo[name as LimitName].label : words(name)).replace(/^[A-Z](?![A-Z])/, (first) =>
    first.toLowerCase(),
  );

/** As enrolment writes them; a driver may know fewer. */
interface HostFacts {
  kernel?: string;
  cgroup?: string;
  hostname?: string;
  cpus?: number;
  ramBytes?: number;
  disk?: { totalBytes?: number };
  versions?: Record<string, string>;
}

function about(host: Host): [string, React.ReactNode][] {
  const facts: HostFacts = host.facts ?? {};
  const versions = Object.entries(facts.versions ?? {}).map(([name, version]) => `${name} ${version}`);
  return [
    ['Location', host.location],
    ['Driver', host.driver],
    [
      'Address',
      <CopyValue
        key="address"
        value={host.address}
      >{`${host.user}@${host.address}, port ${host.port}`}</CopyValue>,
    ],
    ['Last seen', <When key="seen" at={host.last_seen_at} />],
    ['Host key', host.host_key_fingerprint && <CopyValue key="key" value={host.host_key_fingerprint} />],
    ['Enrolled', <When key="created" at={host.created_at} />],
    ['Kernel', facts.kernel],
    ['Architecture', host.architecture],
    ['Control groups', facts.cgroup],
    ['Programs', versions.join(', ') || null],
    [
      'The machine itself',
      facts.cpus !== undefined &&
        `${count(facts.cpus)} CPUs, ${bytes(facts.ramBytes)} memory, ${bytes(facts.disk?.totalBytes)} disk`,
    ],
  ];
}

/** `limit:ram_bytes` and `feature:tun` under what they are of; the rest says itself. */
function Capabilities({ host: { capabilities } }: { host: Host }) {
  if (capabilities.length === 0) return <Text size="sm">Enrolment finds out.</Text>;
  const of = (prefix: string) =>
    capabilities
      .filter((name) => name.startsWith(`${prefix}:`))
      .map((name) => inWords(name.slice(prefix.length + 1)))
      .join(', ');
  const groups = ['limit', 'feature', 'migrate', 'snapshots', 'quota'];
  const others = capabilities.filter((name) => !groups.some((group) => name.startsWith(`${group}:`)));
  return (
    <Facts
      columns={1}
      facts={[
        ['Limits that it enforces', of('limit') || '–'],
        ['Kernel features for servers', of('feature') || '–'],
        ['Migration', of('migrate') || '–'],
        [
          'Snapshots',
          of('snapshots')
            ? `of files, and with ${of('snapshots')}`
            : others.includes('snapshots')
              ? 'of files'
              : '–',
        ],
        [
          'Also',
          others
            .filter((name) => name !== 'snapshots')
            .map((name) => words(name).toLowerCase())
            .join(', ') || '–',
        ],
      ]}
    />
  );
}
