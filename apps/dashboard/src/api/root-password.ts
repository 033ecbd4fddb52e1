import { useQuery, useQueryClient } from '@tanstack/react-query';

const keyOf = (serverId: string) => ['root_password', serverId] as const;

/**
 * A password that the API has made up, from where it was asked for to where it is shown: in this page's memory alone,
 * never in the address or the browser's store.
 */
export function useRootPassword(serverId: string) {
  const client = useQueryClient();
  const { data } = useQuery<string | null>({
    queryKey: keyOf(serverId),
    queryFn: () => null,
    enabled: false,
  });
  return {
    password: data ?? null,
    forget: () => client.setQueryData(keyOf(serverId), null),
  };
}

/** Keeps it until it was shown. Does nothing where the caller chose the password itself. */
export function useKeepRootPassword() {
  const client = useQueryClient();
  return (serverId: string, answer: { root_password?: string }) => {
    if (answer.root_password) client.setQueryData(keyOf(serverId), answer.root_password);
  };
}
