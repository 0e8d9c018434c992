import { assertTrustedFileSync, SECRET, whyUnreadable } from '@aegis/secret-files';
import type { Environment } from './environment';

const DATABASES = [
  'DATABASE_URL',
  'MIGRATION_DATABASE_URL',
  'ADMIN_DATABASE_URL',
  'V08_DATABASE_URL',
] as const;

/**
 * Private keys of TLS clients that a database's URL names: its driver reads them without judging them.
 * @returns one line a refusal
 */
export function clientKeyProblems(environment: Environment): string[] {
  return DATABASES.flatMap((name) => {
    const file = keyFile(environment[name]);
    if (file === undefined) return [];
    try {
      assertTrustedFileSync(file, SECRET);
      return [];
    } catch (error) {
      return [`${name}: the file that sslkey names ${whyUnreadable(error)}`];
    }
  });
}

/** Of a URL that may be broken: its own rule tells that. */
function keyFile(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  return new URL(url).searchParams.get('sslkey') ?? undefined;
}
