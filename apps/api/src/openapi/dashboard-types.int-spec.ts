import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi } from '../testing/test-api';

const ROOT = join(__dirname, '../../../..');
const SCHEMA = join(ROOT, 'apps/dashboard/src/api/schema.gen.ts');

/** `BERTH_WRITE_SCHEMA=1 npx jest dashboard-types` writes it anew after a change of a route. */
describe("the dashboard's types of the API", () => {
  let api: TestApi;
  beforeAll(async () => (api = await startTestApi()));
  afterAll(() => api.close());

  it('are what the OpenAPI document says now', async () => {
    const { body } = await api.request('GET', '/openapi.json', { token: null });
    const generated = typesOf(body);
    if (process.env.BERTH_WRITE_SCHEMA) writeFileSync(SCHEMA, generated);
    expect(readFileSync(SCHEMA, 'utf8')).toBe(generated);
  });
});

function typesOf(document: object): string {
  const dir = mkdtempSync(join(tmpdir(), 'berth-schema-'));
  try {
    const from = join(dir, 'openapi.json');
    const to = join(dir, 'schema.gen.ts');
    writeFileSync(from, JSON.stringify(document));
    const program = join(ROOT, 'node_modules/openapi-typescript/bin/cli.js');
    execFileSync(process.execPath, [program, from, '--output', to], { stdio: 'pipe' });
    return readFileSync(to, 'utf8');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
