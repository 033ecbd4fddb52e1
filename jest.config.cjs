/**
 * Four projects, told apart by the file name:
 *   unit         *.spec.ts      nothing but the code
 *   integration  *.int-spec.ts  real Postgres and Redis
 *   system       *.sys-spec.ts  these and the lab (container hosts on this machine; Linux, root)
 *   vm           *.vm-spec.ts   a lab of virtual machines: another kernel, pure cgroup v2
 * What a project needs is started once a run, unless BERTH_TEST_POSTGRES_URL, BERTH_TEST_REDIS_URL, BERTH_TEST_LAB_DIR or
 * BERTH_TEST_VM_LAB_DIR point to something that is there already. `npm test` runs all but the last, which `npm run test:vm`
 * runs; `npx jest <path>` one file.
 * swc only strips types: the build checks them.
 */
const swc = (parser) => [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser,
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'commonjs' },
  },
];

/** Packages that are ESM only, which jest loads only behind a flag: they are made CommonJS, as our sources are. */
const ESM_ONLY = '/node_modules/(openid-client|oauth4webapi|jose)/';

const common = {
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/lab', '<rootDir>/stack', '<rootDir>/test'],
  modulePathIgnorePatterns: ['<rootDir>/(apps/|libs/)?[a-z-]+/dist/', '<rootDir>/.berth/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  transform: {
    '^.+\\.ts$': swc({ syntax: 'typescript', decorators: true }),
    [`${ESM_ONLY}.+\\.js$`]: swc({ syntax: 'ecmascript' }),
  },
  transformIgnorePatterns: [`/node_modules/(?!(openid-client|oauth4webapi|jose)/)`],
  moduleNameMapper: {
    '^@berth/(api|worker)$': '<rootDir>/apps/$1/src',
    '^@berth/(lab|stack)$': '<rootDir>/$1/src',
    '^@berth/([a-z-]+)$': '<rootDir>/libs/$1/src',
  },
  testEnvironment: 'node',
};

const teardown = '<rootDir>/stack/src/testing/jest-teardown.ts';

module.exports = {
  watchman: false,
  // Of all projects: jest takes no notice of a project's own.
  testTimeout: 60_000,
  projects: [
    { ...common, displayName: 'unit', testMatch: ['**/*.spec.ts'] },
    {
      ...common,
      displayName: 'integration',
      testMatch: ['**/*.int-spec.ts'],
      testTimeout: 60_000,
      globalSetup: '<rootDir>/stack/src/testing/jest-integration-setup.ts',
      globalTeardown: teardown,
    },
    {
      ...common,
      displayName: 'system',
      testMatch: ['**/*.sys-spec.ts'],
      testTimeout: 180_000,
      setupFilesAfterEnv: ['<rootDir>/stack/src/testing/jest-skip-without-lab.ts'],
      globalSetup: '<rootDir>/stack/src/testing/jest-system-setup.ts',
      globalTeardown: teardown,
    },
    {
      ...common,
      displayName: 'vm',
      testMatch: ['**/*.vm-spec.ts'],
      testTimeout: 600_000,
      setupFiles: ['<rootDir>/stack/src/testing/jest-use-vm-lab.ts'],
      setupFilesAfterEnv: ['<rootDir>/stack/src/testing/jest-skip-without-lab.ts'],
      globalSetup: '<rootDir>/stack/src/testing/jest-vm-setup.ts',
      globalTeardown: teardown,
    },
  ],
};
