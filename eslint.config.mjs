import prettier from 'eslint-config-prettier';
import { relative } from 'node:path';
import tseslint from 'typescript-eslint';
import { findIdioms, isChecked } from './.ci/plain-english.mjs';

/** Reports idioms that docs/language.md replaces: in comments, texts and names. */
const plainEnglish = {
  meta: { type: 'suggestion', schema: [] },
  create: (context) => ({
    Program() {
      if (!isChecked(relative(import.meta.dirname, context.filename).replaceAll('\\', '/'))) return;
      for (const { line, column, found, instead } of findIdioms(context.sourceCode.text))
        context.report({ loc: { line, column }, message: `"${found}": write ${instead} (docs/language.md)` });
    },
  }),
};

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      'dist',
      'coverage',
      '.data',
      'keys',
      'clients/typescript/dist',
      'clients/typescript/schema.d.ts',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs', '**/*.cjs'],
    plugins: { aegis: { rules: { 'plain-english': plainEnglish } } },
    rules: { 'aegis/plain-english': 'error' },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-duplicate-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // DTO classes are shapes without behaviour; what is returned becomes one in the response interceptor.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // Nest modules are classes whose whole content is their decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // snake_case names come from the wire contract and the database.
      '@typescript-eslint/naming-convention': 'off',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only libs/config reads process.env.' },
        { object: 'Math', property: 'random', message: 'Random comes from node:crypto.' },
      ],
      eqeqeq: 'error',
      'no-eval': 'error',
    },
  },
  {
    // Its types are of browsers.
    files: ['clients/console/src/**'],
    languageOptions: { parserOptions: { project: './clients/console/tsconfig.json' } },
    rules: {
      // They would become markup or scripts: the page's policy refuses them too.
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Texts stay texts.' },
        { selector: "JSXAttribute[name.name='style']", message: 'Styles are in src/style.' },
      ],
      'no-restricted-globals': ['error', 'sessionStorage', 'indexedDB'],
      // The router's way to lead to another page.
      '@typescript-eslint/only-throw-error': ['error', { allow: ['Redirect'] }],
    },
  },
  {
    files: ['libs/config/src/**/*.ts', 'test/**/*.ts', '**/*.spec.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  prettier,
);
