import { Anchor, Box, Button, Center, Divider, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { answerOf, api } from '../api/client';
import { ApiError } from '../api/errors';
import { ErrorAlert } from '../components/states';
import { sessionQuery, signIn } from './session';

export function SignInPage() {
  useDocumentTitle('Sign in · Berth');
  const search = useSearch({ strict: false }) as { return_to?: string; error?: string };
  const returnTo = localPath(search.return_to);
  const providers = useQuery({
    queryKey: ['session', 'providers'],
    queryFn: () => answerOf(api.GET('/v1/session/providers')),
  });
  return (
    <Center mih="100dvh" p="md" component="main">
      <Box className="berth-card" w="100%" maw={400} p="xl">
        <Stack>
          <Stack gap={4} align="center">
            <img src="/favicon.svg" alt="" width={48} height={48} />
            <Title order={1} size="h3">
              Sign in to Berth
            </Title>
          </Stack>
          {search.error && <ErrorAlert error={new Error(search.error)} />}
          <TokenForm returnTo={returnTo} />
          {providers.data?.providers.map(({ id, name, login_path }) => (
            <Stack key={id} gap="sm">
              <Divider label="or" />
              <Button
                component="a"
                variant="default"
                href={`${login_path}?return_to=${encodeURIComponent(returnTo)}`}
              >
                Sign in with {name}
              </Button>
            </Stack>
          ))}
          <Text size="xs" c="dimmed" ta="center">
            Everything here can be done over the <Anchor href="/docs">API</Anchor> as well.
          </Text>
        </Stack>
      </Box>
    </Center>
  );
}

function TokenForm({ returnTo }: { returnTo: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token')).trim();
    setBusy(true);
    setError(null);
    try {
      client.setQueryData(sessionQuery.queryKey, await signIn(token));
      await navigate({ href: returnTo });
    } catch (refusal) {
      setError(
        refusal instanceof ApiError && refusal.status === 401
          ? new Error('This token is unknown, revoked or expired.')
          : refusal,
      );
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <PasswordInput
          name="token"
          label="Token"
          description="As your provider gave it to you: berth_…"
          autoComplete="current-password"
          required
          data-autofocus
        />
        <ErrorAlert error={error} />
        <Button type="submit" loading={busy}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}

/** A path of ours, or the start page: nobody is sent elsewhere by a link that somebody made. */
function localPath(path: string | undefined): string {
  return path && /^\/(?![/\\])/.test(path) ? path : '/';
}
