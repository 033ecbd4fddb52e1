import type { Operation } from '../../api/types';
import { elapsedOf } from '../../components/operation-timeline';
import { duration } from '../../format/times';
import { useNow } from '../../live/use-now';

/** Counts on while it is under way. */
export function OperationDuration({ operation }: { operation: Operation }) {
  const now = useNow();
  return <>{duration(Math.max(0, elapsedOf(operation, now)))}</>;
}
