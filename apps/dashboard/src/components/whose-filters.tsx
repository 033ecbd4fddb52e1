import { isOperator, isStaff } from '../session/session';
import { useSession } from '../session/session-context';
import { HostSelect } from './host-select';
import { TenantSelect } from './tenant-select';

interface WhoseFiltersProps {
  filters: Record<string, string | undefined>;
  set: (name: string) => (value: string | undefined) => void;
}

/** Where it is and whose it is, for those who may know. */
export function WhoseFilters({ filters, set }: WhoseFiltersProps) {
  const session = useSession();
  return (
    <>
      {isOperator(session) && (
        <HostSelect
          label="Any host"
          hiddenLabel
          placeholder="Any host"
          value={filters.host_id}
          onChange={set('host_id')}
        />
      )}
      {isStaff(session) && (
        <TenantSelect
          label="Any tenant"
          hiddenLabel
          placeholder="Any tenant"
          value={filters.tenant_id}
          onChange={set('tenant_id')}
        />
      )}
    </>
  );
}
