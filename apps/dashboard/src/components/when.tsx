import { moment, relative } from '../format/times';
import { useNow } from '../live/use-now';

/** `4 min ago`, with the exact time at hand: as a title, since lists have one a row and a tooltip is made of much. */
export function When({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <>–</>;
  return (
    <time dateTime={at} title={moment(at)}>
      {relative(at, now)}
    </time>
  );
}
