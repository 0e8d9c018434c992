import { Environment } from '@aegis/config';
import { isDatabaseUnavailable } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { SigningKeys, SigningKeysModule, SigningReplicas } from '@aegis/signing';
import { type INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { withServices } from '../services';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { examineApiKeys } from './api-keys';
import { examineRole, examineServer } from './database-role';
import type { Diagnosis, Examination, Severity } from './diagnosis';
import { EVENT_RULES } from './event-rules';
import { examineReplicas } from './read-replicas';
import { examineRestore } from './restore';
import { ROW_RULES } from './row-rules';
import { examineRows } from './rows';
import { SEAT_RULES } from './seat-rules';
import { examineSigning } from './signing';
import { examineStatusLists } from './status-lists';
import { examineTrail } from './trail';
import { WEBHOOK_RULES } from './webhook-rules';

/**
 * `aegis doctor`: checks everything and changes nothing. Settings and migrations come first: if they are wrong,
 * nothing else can be checked, and the command ends with 2.
 * @returns no if there is a problem; unknown if something could not be checked; yes if there are only warnings
 */
export function examine(output: Output): Promise<ExitCode> {
  return withServices([], [SigningKeysModule], 'reads', async (services) => {
    const counts: Record<Severity, number> = { problem: 0, warning: 0, unknown: 0 };
    for (const { name, look } of examinations(services)) {
      const found = await look().catch(notLookedAt);
      for (const { severity } of found) counts[severity] += 1;
      const [first = `ok       ${name}`, ...others] = lines(name, found);
      output.entry('examined', { name, found }, first);
      for (const line of others) output.line(line);
    }
    const healthy = counts.problem > 0 ? false : counts.unknown > 0 ? null : true;
    output.end({ healthy, ...counts }, summary(counts));
    if (healthy === null) return ExitCode.unknown;
    return healthy ? ExitCode.yes : ExitCode.no;
  });
}

function examinations(services: INestApplicationContext): Examination[] {
  const dataSource = services.get(DataSource);
  const environment = services.get(Environment);
  return [
    // The start of this command judged them; a mistake has ended it.
    { name: 'settings', look: () => Promise.resolve([]) },
    { name: 'migrations', look: () => Promise.resolve([]) },
    { name: 'database', look: () => examineServer(dataSource, environment.isProduction) },
    { name: 'database_role', look: () => examineRole(dataSource, environment.isProduction) },
    { name: 'read_replicas', look: () => examineReplicas(dataSource, environment) },
    { name: 'restore', look: () => examineRestore(dataSource) },
    {
      name: 'signing_keys',
      look: () =>
        examineSigning(
          services.get(SigningKeys),
          services.get(SigningReplicas),
          environment,
          services.get(Logger),
        ),
    },
    { name: 'api_keys', look: () => examineApiKeys(dataSource) },
    { name: 'licenses', look: () => examineRows(dataSource, [...ROW_RULES, ...SEAT_RULES]) },
    { name: 'events', look: () => examineRows(dataSource, EVENT_RULES) },
    { name: 'webhooks', look: () => examineRows(dataSource, WEBHOOK_RULES) },
    { name: 'status_lists', look: () => examineStatusLists(dataSource) },
    { name: 'audit_trail', look: () => examineTrail(dataSource) },
  ];
}

/** @throws unless the database went away meanwhile: then the rest is still looked at */
function notLookedAt(error: unknown): Diagnosis[] {
  if (!isDatabaseUnavailable(error)) throw error;
  return [
    {
      severity: 'unknown',
      message: 'this could not be looked at: the database did not answer',
      remedy: 'Run it again.',
    },
  ];
}

function lines(name: string, found: readonly Diagnosis[]): string[] {
  return found.map(({ severity, message, remedy, examples = [] }) => {
    const ids = examples.length === 0 ? '' : ` (${examples.join(', ')})`;
    return `${severity.padEnd(8)} ${name}: ${message.replace(/\.$/, '')}${ids}. ${remedy}`;
  });
}

function summary({ problem, warning, unknown }: Record<Severity, number>): string {
  if (problem + warning + unknown === 0) return 'All is well.';
  const parts = [
    [problem, 'problem(s)'],
    [warning, 'warning(s)'],
    [unknown, 'could not be looked at'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, label]) => `${count} ${label}`)
    .join(', ');
}
