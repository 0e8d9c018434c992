import { type Command, InvalidArgumentError } from 'commander';
import type { DropOptions } from '../audit/audit-drop';
import type { ExportOptions } from '../audit/audit-export';
import type { ResumeOptions } from '../audit/audit-resume';
import type { VerifyOptions } from '../audit/audit-verify';
import type { Output } from '../terminal/output';
import { confirmedByYes } from '../terminal/confirmation';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

const KEYS =
  'trust these keys: a JWK set (what `aegis keys export --all` wrote, or /.well-known/jwks.json answers) or a public key in PEM; may be repeated';

/** Of PostgreSQL's bigint. */
const LAST_ID = 2n ** 63n - 1n;

export function addAudit(program: Command, output: Output, ends: Ends): void {
  const audit = program.command('audit').description('the audit trail and its proofs');
  addCommand(
    audit,
    'verify',
    'verify the trail against its signed checkpoints; exit code 1 when it is not sound, 3 when the keys cannot decide that',
  )
    .option('--since <checkpoint>', 'start at this checkpoint, and trust those before', checkpointNumber)
    .option('--shipped <file>', 'checkpoints that were kept elsewhere: each must still be there, unchanged')
    .option('--keys <file>', `${KEYS} (default: those in the database)`, another, [])
    .addHelpText(
      'after',
      `
Says which record was edited, is missing or was added, as of the past too. That the end of the trail was cut off
together with its checkpoints shows with --shipped alone.`,
    )
    .action((options: VerifyOptions) =>
      ends(import('../audit/audit-verify.js').then(({ verifyTrail }) => verifyTrail(output, options))),
    );
  addCommand(
    audit,
    'export <file>',
    'write sealed records with their proofs (NDJSON); - writes to standard output',
  )
    .option('--since <time>', 'recorded at this time or later, RFC 3339')
    .option('--until <time>', 'recorded before this time, RFC 3339')
    .option('--from-checkpoint <number>', 'the first checkpoint', checkpointNumber)
    .option('--to-checkpoint <number>', 'the last checkpoint', checkpointNumber)
    .action((file: string, options: ExportOptions) =>
      ends(import('../audit/audit-export.js').then(({ exportAudit }) => exportAudit(output, file, options))),
    );
  addCommand(audit, 'verify-export <file>', 'verify an export with public keys only; needs no database')
    .requiredOption('--keys <file>', KEYS, another)
    .action((file: string, { keys }: { keys: string[] }) =>
      ends(import('../audit/audit-export.js').then(({ verifyExport }) => verifyExport(output, file, keys))),
    );
  confirmedByYes(
    addCommand(
      audit,
      'drop',
      'drop months that are sealed and exported; needs the role that owns the schema',
    ),
  )
    .requiredOption('--before <month>', 'drop records from before this month, e.g. 2026-01')
    .requiredOption('--export <file>', 'an export that contains all of it; it is verified first')
    .option('--keys <file>', `${KEYS} (default: those in the database)`, another, [])
    .option(
      '--unproven <id>',
      'drop this record though no export can prove it: it is too large, or was changed; may be repeated',
      anotherRecord,
      [],
    )
    .action((options: DropOptions) =>
      ends(import('../audit/audit-drop.js').then(({ dropMonths }) => dropMonths(output, options))),
    );
  confirmedByYes(
    addCommand(
      audit,
      'resume',
      'resume sealing after the chain of checkpoints was broken; needs the role that owns the schema',
    ),
  )
    .requiredOption(
      '--after <checkpoint>',
      'the last valid checkpoint; 0 if no checkpoint is valid',
      wholeNumber,
    )
    .option('--keys <file>', `${KEYS} (default: those in the database)`, another, [])
    .addHelpText(
      'after',
      `
Sets aside what comes after that checkpoint and every seal without a checkpoint, records the break (audit_log.resumed),
and starts an epoch in which those records are sealed again. Refused while the checkpoint after it is valid. Nothing is
deleted: audit_checkpoints_set_aside and audit_seals_set_aside keep it.`,
    )
    .action((options: ResumeOptions) =>
      ends(import('../audit/audit-resume.js').then(({ resumeSealing }) => resumeSealing(output, options))),
    );
}

/** Collects an option that may be given more than once. */
function another(file: string, before: readonly string[] = []): string[] {
  return [...before, file];
}

/** Collects ids of records: numbers of 64 bits, which JavaScript does not keep. */
function anotherRecord(id: string, before: readonly string[] = []): string[] {
  if (!/^[1-9][0-9]{0,18}$/.test(id) || BigInt(id) > LAST_ID)
    throw new InvalidArgumentError('It must be the id of an audit record, a whole number.');
  return [...before, id];
}

function checkpointNumber(text: string): number {
  const number = wholeNumber(text);
  if (number < 1) throw new InvalidArgumentError('Checkpoints are numbered from 1.');
  return number;
}
