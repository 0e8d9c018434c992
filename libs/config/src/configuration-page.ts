import { describeSettings } from './describe-settings';

/**
 * The page `docs/configuration.md`: how settings are given, and each of them.
 * @returns Markdown that ends without a line feed
 */
export function configurationPage(): string {
  return `# Configuration

<!-- Written by \`npm run generate:settings\`; a test compares it with the code. -->

Settings are environment variables; unknown ones are ignored, an empty value counts as unset. A file \`.env\` in the working directory adds to them and never overrides. The server and the command line read the same.

- Every secret \`X\` can come from a file instead: \`X_FILE=/path\`. Setting both is refused.
- What is wrong stops the start with exit code 2, all of it at once, each with the variable and its rule, never the value.
- **Development** makes the secrets that it needs, in \`DATA_DIR/secrets\` (mode 0600), and an embedded PostgreSQL.
- **Production** (\`ENVIRONMENT=production\`) makes nothing and refuses what is unsafe; the column says what it demands.

${describeSettings('markdown')}`;
}
