import type { VerdictCode } from '@aegis/license-token';

/** Which validations leave a record in the audit trail: the values of AUDIT_VALIDATIONS. */
export type AuditedValidations = 'all' | 'failures' | 'changes';

/** A verdict, and the token that it is about. */
export interface TokenVerdict {
  /** SHA-256 of the whole token. */
  sha256: Buffer;
  code: VerdictCode;
}

/**
 * Chooses the validations that are recorded. Of `changes` this process knows what it recorded last of each token; a token
 * that it has not seen for long, or since its start, is recorded again.
 */
export class RecordedValidations {
  // A Map iterates in the order of insertion, so its first entry is the one unused for longest.
  private readonly last = new Map<string, VerdictCode>();

  /** @param capacity tokens whose last verdict is known, at most */
  constructor(
    private readonly audited: AuditedValidations,
    private readonly capacity = 50_000,
  ) {}

  /** @returns the verdicts to record, in their order */
  choose<V extends TokenVerdict>(verdicts: readonly V[]): readonly V[] {
    switch (this.audited) {
      case 'all':
        return verdicts;
      case 'failures':
        return verdicts.filter(({ code }) => code !== 'VALID');
      case 'changes':
        return this.changed(verdicts);
    }
  }

  /** To be called once the records are durable: what was not recorded must not count as known. */
  remember(verdicts: readonly TokenVerdict[]): void {
    if (this.audited !== 'changes') return;
    for (const { sha256, code } of verdicts) {
      const token = keyOf(sha256);
      this.last.delete(token);
      this.last.set(token, code);
    }
    for (const oldest of this.last.keys()) {
      if (this.last.size <= this.capacity) break;
      this.last.delete(oldest);
    }
  }

  private changed<V extends TokenVerdict>(verdicts: readonly V[]): V[] {
    const within = new Map<string, VerdictCode>();
    return verdicts.filter(({ sha256, code }) => {
      const token = keyOf(sha256);
      const before = within.get(token) ?? this.last.get(token);
      within.set(token, code);
      return before !== code;
    });
  }
}

function keyOf(sha256: Buffer): string {
  return sha256.toString('latin1');
}
