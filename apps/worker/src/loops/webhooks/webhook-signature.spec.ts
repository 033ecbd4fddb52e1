import { cloudEventOf, webhookSignature, type EventRecord } from '@berth/domain';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

it('signs byte for byte as the package of Standard Webhooks does', () => {
  for (const size of [24, 32, 33, 64]) {
    const secret = `whsec_${randomBytes(size).toString('base64')}`;
    for (const body of ['', '{}', '{"ü":"\u2028 €"}', 'x'.repeat(100_000)]) {
      const timestampS = 1_763_810_000 + size;
      const theirs = new Webhook(secret).sign('msg_1', new Date(timestampS * 1000), body);
      expect(webhookSignature([secret], { id: 'msg_1', timestampS, body })).toBe(theirs);
    }
  }
});

it('gives one signature a secret, each of which is taken', () => {
  const secrets = [1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
  const timestampS = Math.floor(Date.now() / 1000);
  const signature = webhookSignature(secrets, { id: 'a', timestampS, body: '{}' });
  expect(signature.split(' ')).toHaveLength(2);
  const headers = {
    'webhook-id': 'a',
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signature,
  };
  for (const secret of secrets) expect(new Webhook(secret).verify('{}', headers)).toEqual({});
  const other = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
  expect(() => new Webhook(other).verify('{}', headers)).toThrow();
});

it('makes CloudEvents 1.0 of events, hosts for operators only', () => {
  const event: EventRecord = {
    id: '0190a6a8-0000-7000-8000-000000000001',
    seq: 42,
    at: new Date('2026-01-02T03:04:05.678Z'),
    type: 'server.migrated',
    tenantId: 't',
    serverId: 's',
    subject: 'servers/s',
    data: { server: { id: 's' }, host_id: 'h2', source_host_id: 'h1' },
  };
  const common = {
    specversion: '1.0',
    id: event.id,
    source: 'urn:berth',
    type: 'com.berth.server.migrated',
    subject: 'servers/s',
    time: '2026-01-02T03:04:05.678Z',
    datacontenttype: 'application/json',
    sequence: '00000000000000000042',
  };
  const data = { tenant_id: 't', server_id: 's', server: { id: 's' } };
  expect(JSON.parse(cloudEventOf(event, false))).toEqual({ ...common, data });
  expect(JSON.parse(cloudEventOf(event, true))).toEqual({
    ...common,
    data: { ...data, host_id: 'h2', source_host_id: 'h1' },
  });
});
