import {
  type CheckpointKeys,
  type Finding,
  type FindingKind,
  TrailVerification,
  type Verified,
} from '@aegis/checkpoints';
import { DataSource } from 'typeorm';
import { keysOfFiles } from './audit-keys';
import { keepingFindings } from './definite-findings';
import type { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withServices } from '../services';
import { MOST_SHIPPED_LINE, shippedCheckpoints } from './shipped-checkpoints';
import { signedByLines } from './signed-by';
import { exitCodeOf, soundness } from './soundness';
import { withLinesOf } from '../terminal/text-lines';

export interface VerifyOptions {
  /** Number of a checkpoint. */
  since?: number;
  /** File of checkpoints that were kept elsewhere. */
  shipped?: string;
  /** Files of keys that were kept elsewhere. */
  keys: string[];
}

/** What the trail is compared with, and who is also called with the findings. */
interface Basis {
  /** Undefined: those that the database has on record. */
  trusted: CheckpointKeys | undefined;
  /** Checkpoints that were kept elsewhere. */
  kept: Iterable<string> | AsyncIterable<string>;
  onFinding: (finding: Finding) => void;
}

/**
 * `aegis audit verify`: no when something does not hold, even where an error ends it later; unknown when a key that is
 * needed to decide is missing, or --shipped has nothing to compare with
 */
export async function verifyTrail(output: Output, options: VerifyOptions): Promise<ExitCode> {
  const { shipped, keys } = options;
  const trusted = keys.length === 0 ? undefined : await keysOfFiles(keys);
  return keepingFindings((onFinding) =>
    shipped === undefined
      ? verify(output, options, { trusted, kept: [], onFinding })
      : withLinesOf(shipped, MOST_SHIPPED_LINE, (lines) =>
          verify(output, options, { trusted, kept: shippedCheckpoints(lines), onFinding }),
        ),
  );
}

function verify(
  output: Output,
  { since, shipped }: VerifyOptions,
  { trusted, kept, onFinding }: Basis,
): Promise<ExitCode> {
  return withServices([], [], 'reads', async (services) => {
    const dataSource = services.get(DataSource);
    const verification = new TrailVerification(dataSource, trusted);
    const verified = await verification.verify(
      (finding) => {
        onFinding(finding);
        output.entry('findings', finding, findingText(finding));
      },
      { shipped: kept, ...(since !== undefined && { since }) },
    );
    const { findings, undetermined, ...counts } = verified;
    const nothingCompared = shipped !== undefined && verified.shipped === 0;
    const sound = soundness({ findings, undetermined, nothingCompared });
    output.end(
      { ...(findings === 0 && { findings: [] }), ...counts, sound, keys: trusted ? 'file' : 'database' },
      summary(verified, {
        trusted: trusted !== undefined,
        compared: shipped !== undefined,
        verdict: verdict(sound, findings),
      }),
    );
    return exitCodeOf(sound);
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
  record_too_large: ({ record, checkpoint }) =>
    `record ${record}, sealed by checkpoint ${checkpoint}, is too large to be verified`,
  records_reordered: ({ record, checkpoint }) =>
    `record ${record} is not at its place in checkpoint ${checkpoint}`,
  records_dropped_differ: () => 'the recorded drops do not fit the trail',
  seal_missing: ({ checkpoint, leaf }) => `the seal of leaf ${leaf} of checkpoint ${checkpoint} is missing`,
  seal_stray: ({ record, checkpoint, leaf }) =>
    `a seal of record ${record} is not a leaf of any checkpoint: it names leaf ${leaf} of checkpoint ${checkpoint}`,
  seals_changed: ({ checkpoint }) => `the seals of checkpoint ${checkpoint} were changed`,
  checkpoint_forged: ({ checkpoint }) =>
    `checkpoint ${checkpoint} is forged: it was changed, does not follow the one before, or the key that it names did not sign it`,
  complete_to_false: ({ checkpoint = 0 }) =>
    `checkpoint ${checkpoint} says that the trail is complete up to a time after its own, which proves nothing: \`aegis audit resume --after ${checkpoint - 1}\` sets it aside`,
  complete_to_decreased: ({ checkpoint = 0 }) =>
    `checkpoint ${checkpoint} says that less of the trail is complete than one before it: no server does, so anyone who can sign made it. \`aegis audit resume --after ${checkpoint - 1}\` sets it aside`,
  checkpoint_missing: ({ checkpoint, to = checkpoint }) => `${range({ checkpoint, to })} missing`,
  checkpoint_replaced: ({ checkpoint }) => `checkpoint ${checkpoint} is not the one that was shipped`,
  checkpoint_compromised: (finding) =>
    `${range(finding)} signed by ${finding.kid} after that key was compromised, and no later checkpoint of a trusted key names it`,
  key_not_held: (finding) =>
    `${range(finding)} signed by ${finding.kid}, which is not among these keys, and no later checkpoint signed by one of them names it${
      finding.thumbprint === undefined
        ? ''
        : `; the database has that key with the thumbprint ${finding.thumbprint}`
    }`,
  shipped_unreadable: ({ line }) =>
    `line ${line} of the shipped checkpoints is not a checkpoint, or the key that it names did not sign it`,
};

function range({ checkpoint, to }: Pick<Finding, 'checkpoint' | 'to'>): string {
  return checkpoint === to ? `checkpoint ${checkpoint} is` : `checkpoints ${checkpoint} to ${to} are`;
}

function findingText(finding: Finding): string {
  return `${finding.kind}: ${MEANING[finding.kind](finding)}`;
}

function summary(
  { checkpoints, records, dropped, waiting, shipped, signed_by }: Verified,
  { trusted, compared, verdict }: { trusted: boolean; compared: boolean; verdict: string },
): string {
  const gone = dropped === 0 ? '' : ` (${dropped} of them dropped)`;
  return [
    ...signedByLines(signed_by, trusted ? 'file' : 'database'),
    `${checkpoints} checkpoint(s) over ${records} record(s)${gone}, ${waiting} record(s) wait to be sealed`,
    ...(compared ? [`${shipped} checkpoint(s) that were kept elsewhere were looked for`] : []),
    ...(trusted
      ? []
      : [
          'The keys were read from the database: compare their thumbprints, or take them from a file that nobody there can change (--keys).',
        ]),
    verdict,
  ].join('\n');
}

function verdict(sound: boolean | null, findings: number): string {
  switch (sound) {
    case true:
      return 'The trail is sound.';
    case false:
      return `${findings} finding(s): the trail differs from what was sealed.`;
    case null:
      return findings === 0
        ? 'Not known: the file of --shipped has no checkpoint to compare with, so that whether the end of the trail is missing is not known.'
        : 'These keys show nothing wrong, but they cannot verify the end of the trail: give the keys named above with --keys, as `aegis keys export --all` wrote them.';
  }
}
