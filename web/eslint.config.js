import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Both spellings are unchecked; the cast says what is expected to be there.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // The interface is what makes a recursive type possible.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Numbers in texts for people are the point of this program.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // An arrow that returns a void call is the plain way to write a handler.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  { files: ['packages/react/**/*.{ts,tsx}', 'app/**/*.{ts,tsx}'], ...reactHooks.configs.flat.recommended },
  {
    files: ['e2e/**/*.mjs', '*.js'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', document: 'readonly', window: 'readonly', URL: 'readonly' },
    },
  },
);
