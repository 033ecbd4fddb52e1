import type { Operation } from '../../api/types';
import { StatusBadge } from '../../components/status-badge';

export function OperationStatus({ operation }: { operation: Operation }) {
  const { status, progress } = operation;
  const running = status === 'running';
  return (
    <StatusBadge status={status} running={running} label={running ? `Running, ${progress} %` : undefined} />
  );
}
