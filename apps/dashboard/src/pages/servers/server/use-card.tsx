import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { beancountersQuery } from '../../../api/server-usage';
import type { components } from '../../../api/schema.gen';
import type { Server } from '../../../api/types';
import { FillBar } from '../../../components/fill-bar';
import { Card } from '../../../components/page';
import { ErrorAlert, LoadingState } from '../../../components/states';
import { When } from '../../../components/when';
import { bytes, count } from '../../../format/amounts';

type Beancounter = components['schemas']['BeancountersAnswerDto']['beancounters'][number];
type Resource = Beancounter['resource'];

const PAGE = 4096;

/** What is full hurts; what only adds up (traffic, processor time) is in the charts and in the usage. */
const shown: [Resource, string, (value: number) => string][] = [
  ['physpages', 'Memory', (pages) => bytes(pages * PAGE)],
  ['swappages', 'Swap', (pages) => bytes(pages * PAGE)],
  ['diskspace', 'Disk', bytes],
  ['diskinodes', 'Files and directories', count],
  ['numproc', 'Processes', count],
];

/** Its limits against what it uses, as bars: counted on its host every few seconds. */
export function UseCard({ server }: { server: Server }) {
  const { data, error } = useQuery(beancountersQuery(server.id));
  return (
    <Card title="Use against limits">
      {data ? (
        <Stack gap="md">
          <Bars counters={data.beancounters} />
          <Text size="xs" c="dimmed">
            {data.at === null ? (
              'Not counted yet.'
            ) : data.live ? (
              'Counted just now.'
            ) : (
              <>
                As last counted, <When at={data.at} />: its host doesn’t answer at the moment, or it doesn’t
                run.
              </>
            )}
          </Text>
        </Stack>
      ) : error ? (
        <ErrorAlert error={error} />
      ) : (
        <LoadingState />
      )}
    </Card>
  );
}

function Bars({ counters }: { counters: Beancounter[] }) {
  const bars = shown.flatMap(([resource, label, format]) => {
    const counter = counters.find((one) => one.resource === resource);
    return counter ? [{ counter, label, format }] : [];
  });
  if (bars.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        It has not run yet, so nothing was counted.
      </Text>
    );
  }
  return bars.map(({ counter, label, format }) => (
    <FillBar
      key={counter.resource}
      label={label}
      used={counter.held}
      limit={counter.limit}
      format={format}
      note={
        counter.failcnt > 0
          ? `Reached its limit ${count(counter.failcnt)} times; at most ${format(counter.maxheld)} so far`
          : undefined
      }
    />
  ));
}
