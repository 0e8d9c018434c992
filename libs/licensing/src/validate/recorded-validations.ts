import type { VerdictCode } from '@aegis/license-token';
import { hash } from 'node:crypto';

/** Which validations leave a record in the audit trail: the values of AUDIT_VALIDATIONS. */
export type AuditedValidations = 'all' | 'failures' | 'changes';

/** A verdict, and the token that it is about. */
export interface TokenVerdict {
  /** SHA-256 of the whole token. */
  sha256: Buffer;
  code: VerdictCode;
  /** What was asked, where that is why: another installation that is refused is another fact. */
  asked?: Readonly<Record<string, unknown>>;
}

/**
 * Chooses the validations that are recorded. Of `changes` this process knows what it recorded last of each token; a token
 * that it has not seen for long, or since its start, is recorded again.
 */
export class RecordedValidations {
  // A Map iterates in the order of insertion, so its first entry is the one unused for longest.
  private readonly last = new Map<string, string>();

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
    for (const verdict of verdicts) {
      const token = keyOf(verdict);
      this.last.delete(token);
      this.last.set(token, saidBy(verdict));
    }
    for (const oldest of this.last.keys()) {
      if (this.last.size <= this.capacity) break;
      this.last.delete(oldest);
    }
  }

  private changed<V extends TokenVerdict>(verdicts: readonly V[]): V[] {
    const within = new Map<string, string>();
    return verdicts.filter((verdict) => {
      const token = keyOf(verdict);
      const said = saidBy(verdict);
      const before = within.get(token) ?? this.last.get(token);
      within.set(token, said);
      return before !== said;
    });
  }
}

function keyOf({ sha256 }: TokenVerdict): string {
  return sha256.toString('latin1');
}

/** Equal where a record would say the same. A hash, so that what callers write takes no memory. */
function saidBy({ code, asked }: TokenVerdict): string {
  return asked === undefined ? code : `${code} ${hash('sha256', JSON.stringify(asked), 'base64url')}`;
}
