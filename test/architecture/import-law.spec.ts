import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cruise, PROJECT_ROOT, type Violation } from './cruise';
import { BREACHES, LAWFUL, plantLawlessTree } from './lawless-tree';

jest.setTimeout(120_000);

describe('the import law', () => {
  it('is kept by the project', async () => {
    const { modules, violations } = await cruise(PROJECT_ROOT, [
      '{apps,libs}/*/src',
      '{lab,stack}/src',
      'test/**/!(*.d).ts',
    ]);
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
