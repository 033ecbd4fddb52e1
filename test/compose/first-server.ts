import { type ApiClient, operationDone } from '@berth/stack';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

const TIMEOUT_MS = 60_000;
const GIB = 2 ** 30;
const LOCATION = 'first';

interface Server {
  id: string;
  status: string;
  addresses: { address: string }[];
}

interface Accepted {
  operation: { id: string };
}

/** What an operator does after the installation, by HTTP alone: a location, a host, what is sold, and an order. */
export class FirstServer {
  private id = '';
  private address = '';

  constructor(private readonly operator: ApiClient) {}

  async enrolHost(): Promise<void> {
    await this.operator.post('/v1/locations', { name: LOCATION });
    await this.operator.post('/v1/ip_pools', { cidr: '10.160.0.0/24', location: LOCATION, family: 4 });
    const { operation } = await this.operator.post<Accepted>('/v1/hosts', {
      name: 'simulated-1',
      address: 'simulated-1.invalid',
      port: 22,
      user: 'root',
      driver: 'simulated',
      location: LOCATION,
      capacity: { cpus: 8, ram_bytes: 16 * GIB, disk_bytes: 100 * GIB },
    });
    await operationDone(this.operator, operation.id, TIMEOUT_MS);
  }

  async order(): Promise<void> {
    const limits = { cpu_limit_percent: 50, ram_bytes: GIB / 4, disk_bytes: GIB, num_proc: 100 };
    await this.operator.post('/v1/plans', { name: 'first', limits });
    await this.operator.post('/v1/templates', {
      name: 'first',
      source: 'https://templates.invalid/first.tar.zst',
      sha256: createHash('sha256').update('first').digest('hex'),
    });
    const quota = { servers: 1, cpus: 1, ram_bytes: GIB, disk_bytes: GIB, ipv4: 1 };
    const { tenant } = await this.operator.post<{ tenant: { id: string } }>('/v1/tenants', {
      name: 'first',
      external_id: 'first',
      quota,
    });
    const { server, operation } = await this.operator.post<Accepted & { server: Server }>('/v1/servers', {
      name: 'first',
      plan: 'first',
      template: 'first',
      location: LOCATION,
      tenant_id: tenant.id,
      ipv6: 0,
    });
    this.id = server.id;
    this.address = server.addresses[0]?.address ?? '';
    assert.match(this.address, /^10\.160\.0\./);
    await operationDone(this.operator, operation.id, TIMEOUT_MS);
    await this.runs();
  }

  /** It is the same server as at first, and runs. */
  async runs(): Promise<void> {
    const { server } = await this.operator.get<{ server: Server }>(`/v1/servers/${this.id}`);
    assert.equal(server.status, 'running');
    assert.equal(server.addresses[0]?.address, this.address);
  }

  /** The whole line once more: API, outbox, Redis, worker, host. */
  async obeys(): Promise<void> {
    for (const action of ['stop', 'start']) {
      const { operation } = await this.operator.post<Accepted>(
        `/v1/servers/${this.id}/actions/${action}`,
        {},
      );
      await operationDone(this.operator, operation.id, TIMEOUT_MS);
    }
    await this.runs();
  }
}
