/**
 * The import law (docs/architecture): who may import whom. test/architecture/import-law.spec.ts proves each rule able to
 * fail. Paths are those of sources: tsconfig.import-law.json maps the packages' names to them.
 */

/** What each part may import of ours. Everything else is forbidden. */
const ALLOWED = {
  'libs/contracts': [],
  'libs/config': ['libs/contracts'],
  'libs/domain': ['libs/contracts'],
  'libs/database': ['libs/domain', 'libs/contracts', 'libs/config'],
  'libs/jobs': ['libs/database', 'libs/domain', 'libs/contracts', 'libs/config'],
  'libs/runtime': ['libs/contracts'],
  'libs/observability': ['libs/config'],
  'apps/api': ['libs/(?!runtime/|testing/)[^/]+'],
  'apps/worker': ['libs/(?!testing/)[^/]+'],
  // Over HTTP alone: its types are those of the OpenAPI document.
  'apps/dashboard': [],
};

/** Tests may reach for the test helpers; they are held to the other rules. */
const TEST_FILE = '\\.(int-|sys-|vm-)?spec\\.ts$|/testing/';
const OURS = '^(apps|libs)/[^/]+/|^(lab|stack|test)/';
const IO_MODULES = [
  'fs',
  'net',
  'tls',
  'dgram',
  'dns',
  'http',
  'http2',
  'https',
  'child_process',
  'cluster',
  'worker_threads',
  'readline',
  'process',
];

const layers = Object.entries(ALLOWED).map(([part, allowed]) => ({
  name: `layer-${part.replace('/', '-')}`,
  comment: `${part} may import of ours: ${allowed.join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: `^${part}/`, pathNot: TEST_FILE },
  to: { path: OURS, pathNot: [part, ...allowed].map((place) => `^${place}/`) },
}));

/** Only `owner` may import the packages. */
const onlyIn = (owner, packages) => ({
  name: `only-${owner.replace('/', '-')}-imports-${packages[0]}`,
  comment: `${packages.join(', ')}: imported in ${owner} only, which hides it from the others`,
  severity: 'error',
  from: { path: OURS, pathNot: `^${owner}/` },
  to: { path: packages.map((name) => `(^|/)node_modules/${name}/`) },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'modules that need each other are one module, or miss a third',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-deep-imports',
      comment: "another part is imported by its package's name only: its src/index.ts is its public face",
      severity: 'error',
      from: { path: '^((?:apps|libs)/[^/]+|lab|stack|test)/' },
      to: { path: OURS, pathNot: ['^$1/', '^((apps|libs)/[^/]+|lab|stack)/src/index\\.ts$'] },
    },
    {
      name: 'no-own-index',
      comment: 'src/index.ts is for others: inside a part import the file itself',
      severity: 'error',
      from: { path: '^((?:apps|libs)/[^/]+|lab|stack)/' },
      to: { path: '^$1/src/index\\.ts$' },
    },
    ...layers,
    onlyIn('libs/jobs', ['bullmq']),
    onlyIn('libs/runtime', ['node-ssh', 'ssh2']),
    {
      name: 'domain-does-no-io',
      comment: 'libs/domain is pure rules: what it needs from outside is given to it',
      severity: 'error',
      from: { path: '^libs/domain/', pathNot: TEST_FILE },
      to: { dependencyTypes: ['core'], path: `^(node:)?(${IO_MODULES.join('|')})(/|$)` },
    },
    {
      name: 'no-unresolvable',
      comment: 'what can be resolved nowhere escapes every other rule',
      severity: 'error',
      from: { path: OURS },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Seen, so that importing them breaks a rule, but not looked into.
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.import-law.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json', '.d.ts'],
      exportsFields: ['exports'],
      // `style` for stylesheets of packages, which the dashboard imports.
      conditionNames: ['node', 'require', 'import', 'default', 'types', 'style'],
      mainFields: ['main', 'types'],
    },
  },
};
