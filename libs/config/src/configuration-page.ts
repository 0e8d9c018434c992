import { describeSettings } from './describe-settings';

/**
 * The page `docs/configuration.md`: how settings are given, and each of them.
 * @returns Markdown that ends without a line feed
 */
export function configurationPage(): string {
  return `# Configuration

<!-- Written by \`npm run generate:settings\`; a test compares it with the code. -->

Settings are environment variables; unknown ones are ignored, an empty value counts as unset. A file \`.env\` in the working directory adds settings and never overrides variables. The server and the command line read the same settings. The start logs the names of the settings that came from the process and from \`.env\`, and the names in \`.env\` that are not settings.

- **\`.env\`** is UTF-8 with one \`NAME=value\` per line; blank lines and lines that begin with \`#\` are comments. \`export\` in front is allowed. Quotes around a value (\`'…'\`, \`"…"\`) are removed; nothing is expanded. A line that is not understood stops the start and is named by its number, never by its text: \`NAME: value\`, a \`#\` in a value without quotes (write \`'pass#word'\`), a quote that is not closed, a backslash in double quotes, a name given twice, UTF-16. A byte order mark is skipped. The file must be a regular file that belongs to root or to the user that runs this, and not be writable by the group or others (\`chmod go-w .env\`); in production, if it has secrets, others must not read it either. A file that breaks these rules is refused before any of it is used.
- Every secret \`X\` can come from a file instead: \`X_FILE=/path\`. Setting both is refused. The file has the value on one line, in UTF-8, with or without a line ending; white space within the line belongs to the value.
- **URLs** must not contain white space, a backslash or an upper-case scheme: the checked text is the text that is used. PostgreSQL on a Unix socket: \`postgres://user:password@/database?host=/var/run/postgresql\` (or \`user\`, \`password\`, \`port\` as parameters); without a user it is the user of the process. TLS is not required there.
- **Kubernetes** sets \`METRICS_PORT=tcp://…\` if a Service is named \`metrics\`. Set \`METRICS_PORT\` in the pod's \`env\`, or \`enableServiceLinks: false\` in its spec.
- Wrong settings stop the start with exit code 2. All of them are reported at once, each with the variable and its rule, never the value.
- **Development** makes the secrets that it needs, in \`DATA_DIR/secrets\` (mode 0600), and an embedded PostgreSQL.
- **Production** (\`ENVIRONMENT=production\`) makes nothing and refuses unsafe settings; the column says what it requires.

${describeSettings('markdown')}`;
}
