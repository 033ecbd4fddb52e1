import { newId, seal, WebhookEndpointEntity } from '@berth/database';
import { randomBytes } from 'node:crypto';
import type { TestBench } from './test-worker';

export interface TestWebhook {
  id: string;
  secret: string;
}

/** An endpoint as the API makes it: of all tenants' events and the provider's own, unless said otherwise. */
export async function makeWebhook(
  bench: Pick<TestBench, 'database' | 'keys'>,
  url: string,
  given: Partial<WebhookEndpointEntity> = {},
): Promise<TestWebhook> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const id = newId();
  await bench.database.dataSource.manager.insert(WebhookEndpointEntity, {
    id,
    audience: given.tenantId ? 'tenant' : 'operator',
    tenantId: null,
    url,
    events: ['*'],
    description: '',
    secretSealed: await seal(bench.keys.publicKey, secret),
    ...given,
  });
  return { id, secret };
}
