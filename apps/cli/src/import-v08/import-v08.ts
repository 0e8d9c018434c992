import { commandLineActor } from '@aegis/audit';
import {
  callersPath,
  canonicalPostgresUrl,
  databaseProblems,
  type Environment,
  isPostgresUrl,
  POSTGRES_URL_RULE,
} from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import {
  type V08ApiKey,
  type V08Finding,
  V08Import,
  V08ImportModule,
  type V08Report,
  type V08Source,
} from '@aegis/v08-import';
import { licenseCounts } from '../import/license-counts';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { printable } from '../terminal/printable';
import { withServices } from '../services';
import { withSettings } from '../settings';
import { UsageProblem } from '../terminal/usage-problem';
import { V08Csv } from './v08-csv';
import { V08Postgres } from './v08-postgres';

const PROGRESS_LINES = 10_000;

interface OpenSource {
  source: V08Source;
  close: () => Promise<void>;
}

/**
 * `aegis import v0.8`: no when a row was refused.
 * @param from a folder of CSV or a URL without password; V08_DATABASE_URL unless given
 */
export async function importV08(
  output: Output,
  from: string | undefined,
  dryRun: boolean,
): Promise<ExitCode> {
  // The source is opened before our own database is: a wrong name is reported at once.
  const { source, close } = await withSettings([], (environment) => openSource(from, environment));
  // A trial needs a database, but makes none.
  const access = dryRun ? 'changes' : 'makes';
  try {
    return await withServices(
      ['KEY_PASSPHRASE', 'LICENSE_ISSUER'],
      [V08ImportModule],
      access,
      async (services) => {
        const keys: V08ApiKey[] = [];
        let findings = 0;
        let shownLine = 0;
        const report = await services.get(V08Import).run(commandLineActor(), source, {
          dryRun,
          onFinding: (finding) => {
            findings += 1;
            output.entry('findings', finding, findingText(finding));
          },
          onApiKey: (key) => keys.push(key),
          onProgress: (table, line) => {
            if (line < shownLine) shownLine = 0;
            if (!process.stderr.isTTY || line < shownLine + PROGRESS_LINES) return;
            shownLine = line;
            process.stderr.write(`${table}: line ${line} …\n`);
          },
        });
        const refused = [report.customers, report.licenses, report.audit_logs].some(
          (part) => (part?.refused ?? 0) > 0,
        );
        output.end(
          {
            ...(findings === 0 && { findings: [] }),
            ...report,
            api_keys: report.api_keys && { ...report.api_keys, to_replace: keys },
            dry_run: dryRun,
          },
          summary(report, keys, dryRun),
        );
        return refused ? ExitCode.no : ExitCode.yes;
      },
    );
  } finally {
    await close();
  }
}

async function openSource(from: string | undefined, environment: Environment): Promise<OpenSource> {
  if (from !== undefined && !/^\s*postgres(ql)?:/i.test(from))
    return { source: new V08Csv(callersPath(from)), close: () => Promise.resolve() };
  const url = from === undefined ? environment.V08_DATABASE_URL : urlWithoutPassword(from, environment);
  if (url === undefined)
    throw new UsageProblem(
      'Name a folder of CSV with --from, or set V08_DATABASE_URL or V08_DATABASE_URL_FILE.',
    );
  const source = await V08Postgres.open(url);
  return { source, close: () => source.close() };
}

/** Arguments are in the list of processes, and in the shell's history: no place for a password. */
function urlWithoutPassword(from: string, { isProduction }: Environment): string {
  const url = canonicalPostgresUrl(from);
  if (/[?&]password=/i.test(from) || (URL.canParse(url) && new URL(url).password !== ''))
    throw new UsageProblem(
      '--from contains a password, which everybody on this machine could already read: change it, and put the URL into V08_DATABASE_URL or a file that V08_DATABASE_URL_FILE names.',
    );
  if (!isPostgresUrl(url)) throw new UsageProblem(`--from ${POSTGRES_URL_RULE}.`);
  const problems = isProduction ? databaseProblems('--from', url) : [];
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'));
  return url;
}

function findingText({ table, line, id, refused, code, message }: V08Finding): string {
  const where = `${table} line ${line}${id === null ? '' : ` (${id})`}`;
  return `${where}: ${refused ? 'refused' : 'note'}: ${code}: ${message}`;
}

function summary(report: V08Report, keys: readonly V08ApiKey[], dryRun: boolean): string {
  return [
    ...customersText(report),
    ...licensesText(report),
    ...recordsText(report),
    ...keysText(report, keys),
    ...(dryRun ? ['Nothing was written: this was a dry run.'] : []),
  ].join('\n');
}

function customersText({ customers }: V08Report): string[] {
  if (!customers) return ['customers: none in v0.8; they are created from the tokens'];
  const { created, unchanged, refused, v08, here } = customers;
  return [
    `customers: ${created} created, ${unchanged} unchanged, ${refused} refused; v0.8 has ${v08.active} active and ${v08.inactive} inactive, here are ${here.active} and ${here.inactive}`,
  ];
}

function licensesText({ licenses }: V08Report): string[] {
  if (!licenses) return [];
  const { perpetual_with_end: ends } = licenses;
  const row = (...cells: (string | number)[]): string =>
    cells.map((cell, index) => (index < 2 ? String(cell).padEnd(16) : String(cell).padStart(9))).join('');
  return [
    `licenses: ${licenseCounts(licenses)}`,
    ...(ends > 0
      ? [`  ${ends} perpetual ones have an end that is not in their token: the token is right`]
      : []),
    row('  type', 'status', 'v0.8', 'refused', 'here'),
    ...licenses.reconciliation.map((one) =>
      row(`  ${one.license_type}`, one.status, one.v08, one.refused, one.here),
    ),
  ];
}

function recordsText({ audit_logs: records }: V08Report): string[] {
  if (!records) return [];
  const { imported, unchanged, refused } = records;
  return [`audit records: ${imported} imported, ${unchanged} unchanged, ${refused} refused`];
}

function keysText({ api_keys: found }: V08Report, keys: readonly V08ApiKey[]): string[] {
  if (!found) return [];
  const rows = keys
    .filter((key) => key.in_use)
    .map(({ id, name, scopes }) =>
      [`  ${id}`, scopes.length === 0 ? '(no scope)' : scopes.join(','), printable(name ?? '')].join('  '),
    );
  return [
    `API keys: ${found.total}, of which ${found.in_use} in use; their hashes can't be taken over, so each needs a new key:`,
    ...rows,
  ];
}
