import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client';
import { shortId } from '../../format/words';

/** Tokens by name: there are few of operators and billing, and those of customers are told by their ids. */
const useTokenNames = () =>
  useQuery({
    queryKey: ['tokens', 'names'],
    queryFn: async ({ signal }) => {
      const query = { per_page: '100' };
      const { tokens } = await answerOf(api.GET('/v1/tokens', { params: { query }, signal }));
      return new Map(tokens.map(({ id, name }) => [id, name]));
    },
  }).data;

/** Who did it: a token's name where it is known. What a job ended with was done for who asked for it. */
export function ActorName({ actor, role }: { actor: string; role: string }) {
  const names = useTokenNames();
  const name = actor === 'system' ? 'the platform itself' : (names?.get(actor) ?? `token …${shortId(actor)}`);
  return (
    <span title={actor}>
      {name}
      {role !== 'system' && (
        <Text span size="xs" c="dimmed">
          {` (${role})`}
        </Text>
      )}
    </span>
  );
}
