import type { AlertView } from '@berth/contracts';
import type { Count, FleetHost, OverviewFacts } from '@berth/database';

/** A host of which so much of the disk is really in use is nearly full. */
const DISK_SHARE = 0.9;
/** Hours are billed some ten minutes after their end; beyond this, something holds it up. */
const USAGE_LATE_MS = 2 * 3600_000;
/** More of one kind are told as one. */
const MOST_HOSTS = 10;

const things = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
const time = (moment: string | Date | null) => (moment === null ? null : new Date(moment).toISOString());
const gone = (host: FleetHost) => !host.reachable && (host.state === 'active' || host.state === 'cordoned');

function ofHosts(
  hosts: FleetHost[],
  alert: Pick<AlertView, 'severity' | 'code'> & { many: string; one: (host: FleetHost) => string },
): AlertView[] {
  const { severity, code, one, many } = alert;
  if (hosts.length > MOST_HOSTS) {
    const since = hosts.map((host) => time(host.last_seen_at) ?? '').sort()[0] || null;
    return [
      { severity, code, message: `${hosts.length} ${many}`, target: { type: 'host', id: null }, since },
    ];
  }
  return hosts.map((host) => ({
    severity,
    code,
    message: one(host),
    target: { type: 'host', id: host.id },
    since: time(host.last_seen_at),
  }));
}

const why = ({ last_error: error }: FleetHost) => (error ? `: ${error}` : '');

function ofFleet(hosts: FleetHost[]): AlertView[] {
  const isFull = ({ used, capacity }: FleetHost) =>
    used !== null && capacity.disk_bytes > 0 && used.disk_bytes >= DISK_SHARE * capacity.disk_bytes;
  return [
    ...ofHosts(hosts.filter(gone), {
      severity: 'critical',
      code: 'host_unreachable',
      many: 'hosts do not answer',
      one: (host) => `${host.name} does not answer${why(host)}. ${things(host.servers, 'server')} on it.`,
    }),
    ...ofHosts(
      hosts.filter(({ state }) => state === 'error'),
      {
        severity: 'warning',
        code: 'host_error',
        many: 'hosts could not be enrolled',
        one: (host) => `${host.name} could not be enrolled${why(host)}`,
      },
    ),
    ...ofHosts(hosts.filter(isFull), {
      severity: 'warning',
      code: 'host_disk_nearly_full',
      many: "hosts' disks are nearly full",
      one: (host) =>
        `The disk of ${host.name} is ${Math.round((100 * host.used!.disk_bytes) / host.capacity.disk_bytes)} % full`,
    }).map((alert) => ({ ...alert, since: null })),
  ];
}

function ofCount(
  found: Count | null,
  alert: Pick<AlertView, 'severity' | 'code'> & {
    type: AlertView['target']['type'];
    message: (count: number) => string;
  },
): AlertView[] {
  if (!found) return [];
  const { severity, code, type, message } = alert;
  return [
    { severity, code, message: message(found.count), target: { type, id: null }, since: time(found.since) },
  ];
}

function ofOperations({
  stalled,
  pending_long: pending,
  failed_last_hour: failed,
}: OverviewFacts): AlertView[] {
  const codes = failed?.codes?.length ? ` (${failed.codes.join(', ')})` : '';
  return [
    ...ofCount(stalled, {
      severity: 'critical',
      code: 'operations_stalled',
      type: 'operation',
      message: (n) => `${things(n, 'operation')} lost the worker, and no other has taken over: does one run?`,
    }),
    ...ofCount(pending, {
      severity: 'critical',
      code: 'operations_pending_long',
      type: 'operation',
      message: (n) =>
        `${things(n, 'operation')} could begin and ${n === 1 ? 'is' : 'are'} not taken: do workers run?`,
    }),
    ...ofCount(failed, {
      severity: 'warning',
      code: 'operations_failed',
      type: 'operation',
      message: (n) => `${things(n, 'operation')} failed in the last hour${codes}`,
    }),
  ];
}

/** What an operator should look at, the most pressing first; in plain words. */
export function alertsOf(
  facts: OverviewFacts,
  hosts: FleetHost[],
  { queueAnswers, now }: { queueAnswers: boolean; now: Date },
): AlertView[] {
  const alerts: AlertView[] = [
    ...ofFleet(hosts),
    ...ofOperations(facts),
    ...ofCount(facts.drift, {
      severity: 'warning',
      code: 'drift_open',
      type: 'drift',
      message: (n) => `${things(n, 'finding')} that hosts and database differ ${n === 1 ? 'is' : 'are'} open`,
    }),
    ...facts.ip_pools.map(({ location, location_id: id, family, used, usable }) => ({
      severity: used >= usable ? ('critical' as const) : ('warning' as const),
      code: 'ip_pools_nearly_used_up' as const,
      message: `${used} of ${usable} IPv${family} ${family === 4 ? 'addresses' : 'networks'} of ${location} are in use`,
      target: { type: 'location' as const, id },
      since: null,
    })),
    ...facts.webhooks_disabled.map(({ id, url, reason }) => ({
      severity: 'warning' as const,
      code: 'webhook_disabled' as const,
      message: `The webhook to ${url} is disabled: ${reason}`,
      target: { type: 'webhook' as const, id },
      since: null,
    })),
  ];
  if (+now - +facts.metered_to > USAGE_LATE_MS)
    alerts.push({
      severity: 'warning',
      code: 'usage_late',
      message: 'Hours that are over have no usage records yet: bills wait for them',
      target: { type: 'usage', id: null },
      since: time(facts.metered_to),
    });
  if (!queueAnswers)
    alerts.push({
      severity: 'critical',
      code: 'queue_unreachable',
      message: 'Redis does not answer: operations begin late',
      target: { type: 'job', id: null },
      since: null,
    });
  return alerts.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'));
}
