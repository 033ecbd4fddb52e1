import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cruise, PROJECT_ROOT, type Violation } from './cruise';
import { BREACHES, LAWFUL, plantLawlessTree } from './lawless-tree';

jest.setTimeout(120_000);

/** As plain paths: for a pattern, the whole tree is walked, where other tests make and remove files. */
function places(): string[] {
  const below = (dir: string) => readdirSync(join(PROJECT_ROOT, dir)).map((name) => join(dir, name));
  const parts = [...below('apps'), ...below('libs'), 'lab', 'stack'].map((part) => join(part, 'src'));
  return [...parts, ...below('test').filter((path) => !path.includes('.') && path !== 'test/dist')];
}

describe('the import law', () => {
  it('is kept by the project', async () => {
    const { modules, violations } = await cruise(PROJECT_ROOT, places());
    expect(violations).toEqual([]);
    // A wrong glob finds nothing, and so nothing wrong.
    expect(modules).toBeGreaterThan(100);
  });
});

describe('the import law in a tree that breaks it', () => {
  let root: string;
  let violations: Violation[];

  beforeAll(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'berth-lawless-')));
    plantLawlessTree(root);
    ({ violations } = await cruise(root, ['{apps,libs}/*/src']));
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(BREACHES)('%s finds %s importing %s', (rule, file) => {
    expect(violations).toContainEqual(expect.objectContaining({ rule, from: file }));
  });

  it.each(LAWFUL)('lets %s import %s', (file) => {
    expect(violations.filter(({ rule, from }) => from === file && rule !== 'no-cycles')).toEqual([]);
  });

  it('has a breach for every rule', () => {
    const law = createRequire(__filename)(join(PROJECT_ROOT, '.dependency-cruiser.cjs')) as {
      forbidden: { name: string }[];
    };
    const tried = new Set(BREACHES.map(([rule]) => rule));
    expect(law.forbidden.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });
});
