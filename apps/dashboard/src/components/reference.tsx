import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { nameQuery } from '../api/names';
import { serverQuery } from '../api/queries';
import { shortId } from '../format/words';
import { isOperator, isStaff } from '../session/session';
import { useSession } from '../session/session-context';

/**
 * A server by its name, which is looked for once for all places that show it; by its id until then, and where it is gone.
 * Looked for, not fetched: most of what lists of jobs tell of was deleted long ago, and is no failed request.
 */
export function ServerLink({ id }: { id: string }) {
  const known = useQuery({ ...serverQuery(id), enabled: false }).data;
  const found = useQuery({ ...nameQuery('servers', id), enabled: known === undefined }).data;
  if (known?.status === 'deleted' || (!known && found === null)) {
    return (
      <Text size="sm" component="span" c="dimmed">
        {known?.name ?? shortId(id)}, deleted
      </Text>
    );
  }
  return (
    <Anchor component={Link} to={`/servers/${id}`} size="sm">
      {known?.name ?? found ?? shortId(id)}
    </Anchor>
  );
}

export function HostLink({ id }: { id: string }) {
  const operator = isOperator(useSession());
  const { data: name } = useQuery({ ...nameQuery('hosts', id), enabled: operator });
  if (!operator) return null;
  return (
    <Anchor component={Link} to={`/hosts/${id}`} size="sm">
      {name ?? shortId(id)}
    </Anchor>
  );
}

export function TenantLink({ id }: { id: string }) {
  const staff = isStaff(useSession());
  const { data: name } = useQuery({ ...nameQuery('tenants', id), enabled: staff });
  if (!staff) return null;
  return (
    <Anchor component={Link} to={`/tenants/${id}`} size="sm">
      {name ?? shortId(id)}
    </Anchor>
  );
}
