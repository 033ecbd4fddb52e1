import { Tooltip } from '@mantine/core';
import { moment, relative } from '../format/times';
import { useNow } from '../live/use-now';

/** `4 min ago`, with the exact time at hand. */
export function When({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <>–</>;
  return (
    <Tooltip label={moment(at)}>
      <time dateTime={at}>{relative(at, now)}</time>
    </Tooltip>
  );
}
