import { type Finding, type FindingKind, TrailVerification, type Verified } from '@aegis/checkpoints';
import { DataSource } from 'typeorm';
import { keysOfDatabase, keysOfFile } from './audit-keys';
import { ExitCode } from './exit-code';
import type { Output } from './output';
import { withServices } from './services';
import { shippedCheckpoints } from './shipped-checkpoints';
import { linesOf } from './text-lines';

export interface VerifyOptions {
  /** Number of a checkpoint. */
  since?: number;
  /** File of checkpoints that were kept elsewhere. */
  shipped?: string;
  /** File of keys that were kept elsewhere. */
  keys?: string;
}

/** `aegis audit verify`: no when something does not hold */
export async function verifyTrail(
  output: Output,
  { since, shipped, keys }: VerifyOptions,
): Promise<ExitCode> {
  const trusted = keys === undefined ? undefined : await keysOfFile(keys);
  const kept = shipped === undefined ? [] : shippedCheckpoints(await linesOf(shipped));
  return withServices([], [], async (services) => {
    const dataSource = services.get(DataSource);
    const verification = new TrailVerification(dataSource, trusted ?? (await keysOfDatabase(dataSource)));
    const verified = await verification.verify(
      (finding) => {
        output.entry('findings', finding, findingText(finding));
      },
      { shipped: kept, ...(since !== undefined && { since }) },
    );
    const { findings, ...counts } = verified;
    const sound = findings === 0;
    output.end(
      { ...(sound && { findings: [] }), ...counts, sound, keys: trusted ? 'file' : 'database' },
      summary(verified, trusted !== undefined, shipped !== undefined),
    );
    return sound ? ExitCode.yes : ExitCode.no;
  });
}

const MEANING: Readonly<Record<FindingKind, (finding: Finding) => string>> = {
  record_edited: ({ record, checkpoint }) =>
    `record ${record} was edited since checkpoint ${checkpoint} sealed it`,
  record_missing: ({ record, checkpoint }) =>
    `record ${record}, sealed by checkpoint ${checkpoint}, is missing`,
  record_added: ({ record }) =>
    `record ${record} was added: no checkpoint seals it, though its time is sealed`,
  record_backdated: ({ record, checkpoint }) =>
    `record ${record} was added as of the past: checkpoint ${checkpoint} sealed it, though its time was complete before`,
  records_reordered: ({ record, checkpoint }) =>
    `record ${record} does not stand where it stood in checkpoint ${checkpoint}`,
  records_dropped_differ: () => 'more or fewer records are gone than the record of the last drop says',
  seal_missing: ({ checkpoint, leaf }) => `the seal of leaf ${leaf} of checkpoint ${checkpoint} is missing`,
  seals_changed: ({ checkpoint }) => `the seals of checkpoint ${checkpoint} were changed`,
  checkpoint_forged: ({ checkpoint }) =>
    `checkpoint ${checkpoint} is none: it was changed, does not follow the one before, or a key that is not trusted signed it`,
  checkpoint_missing: ({ checkpoint }) => `checkpoint ${checkpoint} is missing`,
  checkpoint_replaced: ({ checkpoint }) => `checkpoint ${checkpoint} is not the one that was shipped`,
  shipped_unreadable: ({ line }) =>
    `line ${line} of the shipped checkpoints is none, or a key that is not trusted signed it`,
};

function findingText(finding: Finding): string {
  return `${finding.kind}: ${MEANING[finding.kind](finding)}`;
}

function summary(
  { checkpoints, records, dropped, waiting, shipped, findings }: Verified,
  trusted: boolean,
  compared: boolean,
): string {
  const gone = dropped === 0 ? '' : ` (${dropped} of them dropped)`;
  return [
    `${checkpoints} checkpoint(s) over ${records} record(s)${gone}, ${waiting} record(s) wait to be sealed`,
    ...(compared ? [`${shipped} checkpoint(s) that were kept elsewhere were looked for`] : []),
    ...(trusted
      ? []
      : [
          'The keys were read from the database: --keys takes them from a file that nobody there can change.',
        ]),
    findings === 0 ? 'The trail is sound.' : `${findings} finding(s): the trail is not what was sealed.`,
  ].join('\n');
}
