import { SecretOnce } from '../../components/secret-once';

export function WebhookSecret({ secret, onClose }: { secret: string | null; onClose: () => void }) {
  return (
    <SecretOnce title="Secret of the webhook" secret={secret} onClose={onClose}>
      Your program proves with it that an event comes from here: it checks the signature of each request. The
      documentation of the API says how.
    </SecretOnce>
  );
}
