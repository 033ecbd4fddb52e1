import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Sources and tests are type checked apart : a library's tests use @berth/testing, which is built on that library. */
const TSCONFIGS = ['{apps,libs}/*/tsconfig.json', '{lab,stack,test}/tsconfig.json', 'tsconfig.specs.json'];

/** The house rules that a machine can check cheaply; CONTRIBUTING.md has the others. */
export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.berth/', 'coverage/', '**/__golden__/', '**/*.gen.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { project: TSCONFIGS, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A promise nobody waits for fails unseen, or ends the process.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-extraneous-class': 'off',
      'max-lines': ['warn', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'Named exports only: a default export has another name in every file.',
        },
      ],
      // See libs/contracts/src/parse-url.ts, which is to be used instead.
      'no-restricted-properties': ['error', { object: 'URL', property: 'canParse' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    // jest takes its set-up and reporters from default exports, Vite its settings.
    files: ['stack/src/testing/*.ts', '**/vite.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.sys-spec.ts', '**/*.vm-spec.ts'],
    rules: {
      'max-lines': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='only']",
          message: 'A lone .only switches every other test off.',
        },
      ],
    },
  },
  {
    // Runs in browsers, as it is.
    files: ['apps/dashboard/public/*.js'],
    languageOptions: {
      globals: { document: 'readonly', localStorage: 'readonly', matchMedia: 'readonly' },
    },
  },
  {
    files: ['**/*.{mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'console',
          'process',
          'performance',
          'Buffer',
          'URL',
          'fetch',
          'setTimeout',
          'module',
          'require',
          '__dirname',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { 'no-restricted-syntax': 'off' },
  },
);
