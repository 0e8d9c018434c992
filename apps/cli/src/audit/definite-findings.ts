import { isUndetermined } from '@aegis/checkpoints';
import { UnfinishedVerification } from '../failures/unfinished-verification';

/**
 * Runs a verification, so that an error after a finding that is certain does not take back the finding.
 * @param verify calls its argument for each finding
 * @returns what it returned
 * @throws UnfinishedVerification when it throws after a finding that is certain; else what it throws
 */
export async function keepingFindings<T>(
  verify: (onFinding: (finding: { kind: string }) => void) => Promise<T>,
): Promise<T> {
  const certain: string[] = [];
  try {
    return await verify((finding) => {
      if (certain.length === 0 && !isUndetermined(finding)) certain.push(finding.kind);
    });
  } catch (error) {
    throw certain.length > 0 ? new UnfinishedVerification(error) : error;
  }
}
