import { Stack, Text } from '@mantine/core';
import type { Operation } from '../../api/types';
import { Facts } from '../../components/facts';
import { FillBar } from '../../components/fill-bar';
import { Card } from '../../components/page';
import { PageLink } from '../../components/page-link';
import { bytes } from '../../format/amounts';
import { duration } from '../../format/times';
import { words } from '../../format/words';

/** What a migration tells while it runs, and at its end; see the documentation of migrations. */
interface MigrationResult {
  at?: string;
  bytes_sent?: number;
  bytes_expected?: number | null;
  source?: string;
  target?: string;
  mode?: string;
  frozen_ms?: number;
  disk_rounds?: unknown[];
  memory_rounds?: unknown[];
  refused_modes?: { mode: string; message: string }[];
  source_left_to?: string;
}

/** What came of it, in words; operators only, since it names hosts. */
export function OperationResult({ operation }: { operation: Operation }) {
  const result = operation.result;
  if (!result || Object.keys(result).length === 0) return null;
  if (operation.kind === 'migrate_server') {
    return <MigrationResult result={result} under={operation.status === 'running'} />;
  }
  return (
    <Card title="Result">
      <Facts columns={3} facts={Object.entries(result).map(([name, value]) => [words(name), plain(value)])} />
    </Card>
  );
}

const plain = (value: unknown) =>
  value === null ? 'none' : typeof value === 'object' ? JSON.stringify(value) : String(value);

function MigrationResult({ result, under }: { result: MigrationResult; under: boolean }) {
  const { at, bytes_sent: sent = 0, bytes_expected: expected } = result;
  if (under) {
    return (
      <Card title="Copied so far">
        <FillBar
          label={at ? words(at) : 'Copying'}
          used={sent}
          limit={expected ? Math.max(expected, sent) : null}
          format={bytes}
          note="Rounds repeat what has changed meanwhile, so that it may become more than was expected."
        />
      </Card>
    );
  }
  const { source, target, mode, frozen_ms, disk_rounds, memory_rounds, refused_modes, source_left_to } =
    result;
  const facts: [string, React.ReactNode][] = [
    ['From', source],
    ['To', target],
    ['How', mode && words(mode).toLowerCase()],
    [
      'Stood still',
      frozen_ms === undefined ? null : frozen_ms === 0 ? 'it did not run' : duration(frozen_ms),
    ],
    ['Sent', bytes(sent)],
    ['Rounds', `${disk_rounds?.length ?? 0} of the disk, ${memory_rounds?.length ?? 0} of memory`],
  ];
  return (
    <Card title="Result">
      <Stack gap="sm">
        <Facts columns={3} facts={facts} />
        {refused_modes?.map((refused) => (
          <Text key={refused.mode} size="sm">
            {words(refused.mode)} could not be: {refused.message}
          </Text>
        ))}
        {source_left_to && (
          <Text size="sm">
            What is left at the source is taken away by{' '}
            <PageLink to={`/operations/${source_left_to}`} label="another job" />, once that host answers.
          </Text>
        )}
      </Stack>
    </Card>
  );
}
