/** Unit and integration tests. swc only strips types: `npm run check` and the build do the type checking. */
module.exports = {
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/lab', '<rootDir>/stack', '<rootDir>/test'],
  testMatch: ['**/src/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
  modulePathIgnorePatterns: ['/dist/', '/.berth/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  moduleNameMapper: {
    '^@berth/(api|worker)$': '<rootDir>/apps/$1/src',
    '^@berth/(lab|stack)$': '<rootDir>/$1/src',
    '^@berth/([a-z-]+)$': '<rootDir>/libs/$1/src',
  },
  testEnvironment: 'node',
};
