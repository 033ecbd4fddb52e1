import { TenantEntity, UsageExportRejectEntity } from '@berth/database';
import { eventually } from '@berth/testing';
import { ExportBench, START, TOKEN } from './testing/export-bench';
import type { SinkRequest } from './testing/fake-sink';

jest.setTimeout(120_000);

let usage: ExportBench;

beforeEach(async () => {
  usage = await ExportBench.open();
});
afterEach(() => usage.close());

const lagoEvents = ({ body }: SinkRequest) =>
  (JSON.parse(body) as { events: Record<string, unknown>[] }).events;

describe('Lago', () => {
  it('gets batches of events, and what it has already is no failure', async () => {
    const ids = await usage.several(4);
    const known = new Set([ids[0], ids[1]]);
    usage.sink.answer = (request) => {
      const again = lagoEvents(request).findIndex(({ transaction_id: id }) => known.has(id as string));
      if (again === -1) return { status: 200 };
      const details = { [again]: { transaction_id: ['value_already_exist'] } };
      return {
        status: 422,
        body: JSON.stringify({ status: 422, code: 'validation_errors', error_details: details }),
      };
    };
    await usage.worker('lago');
    await usage.caughtUp('lago');
    const last = usage.sink.requests.at(-1)!;
    expect(last.path).toBe('/api/v1/events/batch');
    expect(last.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
    });
    const taken = usage.sink.requests
      .map(lagoEvents)
      .filter((events) => !events.some((one) => known.has(one.transaction_id as string)));
    expect(taken.flat().map((one) => one.transaction_id)).toEqual(ids.slice(2));
    expect(taken[0]![0]).toMatchObject({
      external_subscription_id: 'cus_42',
      code: 'running_time',
      timestamp: +START / 1000,
      properties: { quantity: '3600000', unit: 'ms', tenant_id: usage.world.tenant.id },
    });
    expect(await usage.db.count(UsageExportRejectEntity)).toBe(0);
  });

  it('refuses a metric that it does not have: the record is set aside', async () => {
    await usage.record();
    usage.sink.answer = () => ({
      status: 422,
      body: '{"error_details":{"0":{"code":["metric_not_found"]}}}',
    });
    await usage.worker('lago');
    await usage.caughtUp('lago');
    expect(await usage.db.find(UsageExportRejectEntity)).toMatchObject([
      { sink: 'lago', error: expect.stringContaining('metric_not_found') },
    ]);
  });
});

describe('Stripe', () => {
  const forms = () => usage.sink.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));

  it('gets an event a request, by keys that are always the same', async () => {
    const long = `${'x'.repeat(120)}`;
    const ids = [
      await usage.record({ id: long }),
      await usage.record({
        meter: 'allocated_ram',
        unit: 'byte_ms',
        quantity: String(2n ** 30n * 3_600_000n),
      }),
      await usage.record({ meter: 'cpu', unit: 'us', quantity: '0' }),
    ];
    let cut = true;
    usage.sink.answer = () => {
      const answer = cut ? undefined : { status: 200 };
      cut = false;
      return answer;
    };
    await usage.worker('stripe');
    await usage.caughtUp('stripe');
    // The first of them twice: its answer was lost.
    const keys = usage.sink.requests.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
    expect(keys.length).toBeGreaterThanOrEqual(3);
    const ram = forms().find((form) => form.event_name === 'berth_allocated_ram');
    expect(ram).toEqual({
      identifier: ids[1],
      event_name: 'berth_allocated_ram',
      timestamp: String(+START / 1000),
      'payload[stripe_customer_id]': 'cus_42',
      // MiB-seconds.
      'payload[value]': String(1024 * 3600),
    });
    const time = forms().find((form) => form.event_name === 'berth_running_time')!;
    expect(time.identifier).toMatch(/^[0-9a-f]{64}$/);
    expect(time['payload[value]']).toBe('3600000');
    const { path, headers } = usage.sink.requests.at(-1)!;
    expect(path).toBe('/v1/billing/meter_events');
    expect(headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': expect.stringMatching(/^berth-/),
    });
  });

  it('never gets two events of one customer and meter at once', async () => {
    await usage.several(10);
    let open = 0;
    let most = 0;
    usage.sink.answer = async () => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return { status: 200 };
    };
    await usage.worker('stripe');
    await usage.caughtUp('stripe');
    expect(usage.sink.requests).toHaveLength(10);
    expect(most).toBe(1);
  });

  it('says that it has an event already: that is no failure; a conflict is tried again', async () => {
    await usage.record();
    const answers = [
      { status: 409, body: '{"error":{"message":"another event of this customer is being processed"}}' },
      { status: 400, body: '{"error":{"message":"An event already exists with identifier x."}}' },
    ];
    usage.sink.answer = () => answers.shift() ?? { status: 500 };
    await usage.worker('stripe');
    await usage.caughtUp('stripe');
    expect(usage.sink.requests).toHaveLength(2);
    expect(await usage.db.count(UsageExportRejectEntity)).toBe(0);
  });

  it('is not asked about tenants that are none of its customers', async () => {
    const other = await usage.bench.world({ cidr: '10.201.0.0/24' });
    const foreign = await usage.record({ tenantId: other.tenant.id });
    await usage.record();
    await usage.worker('stripe');
    await usage.caughtUp('stripe');
    expect(new Set(forms().map((form) => form['payload[stripe_customer_id]']))).toEqual(new Set(['cus_42']));
    const [aside] = await usage.db.find(UsageExportRejectEntity);
    expect(aside).toMatchObject({
      recordId: foreign,
      error: expect.stringMatching(/must be the customer's id/),
    });
    await usage.db.update(TenantEntity, { id: other.tenant.id }, { externalId: 'cus_43' });
    await usage.db.update(UsageExportRejectEntity, { recordId: foreign }, { retry: true });
    await eventually('it to be taken', async () => (await usage.db.count(UsageExportRejectEntity)) === 0);
    expect(forms().at(-1)).toMatchObject({ 'payload[stripe_customer_id]': 'cus_43' });
  });
});
