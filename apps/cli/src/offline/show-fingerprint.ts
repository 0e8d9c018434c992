import { instanceFingerprint } from '@aegis/license-token';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { UsageProblem } from '../terminal/usage-problem';

/**
 * `aegis fingerprint`: the fingerprint of an installation, to bind a license to it.
 * @throws UsageProblem for an empty part
 */
export async function showFingerprint(
  output: Output,
  { dbUuid, domain }: { dbUuid: string; domain: string },
): Promise<ExitCode> {
  if (dbUuid === '' || domain === '') throw new UsageProblem('--db-uuid and --domain must not be empty.');
  const fingerprint = await instanceFingerprint(dbUuid, domain);
  output.end({ fingerprint, db_uuid: dbUuid, domain }, fingerprint);
  return ExitCode.yes;
}
