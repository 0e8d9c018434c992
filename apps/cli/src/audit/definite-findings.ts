import { isUndetermined } from '@aegis/checkpoints';
import { UnfinishedVerification } from '../failures/unfinished-verification';

/**
 * Runs a verification. If an error ends it after a certain finding, the finding still decides the result.
 * @param verify calls its argument for each finding
 * @returns what `verify` returned
 * @throws UnfinishedVerification when `verify` throws after a certain finding; otherwise what it throws
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
