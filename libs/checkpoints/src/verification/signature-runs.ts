import type { Judged } from './checkpoint-keys';

/** Checkpoints that follow one another, signed by the same key, whose signatures prove nothing by themselves. */
export interface UnprovenRun {
  state: 'unknown' | 'compromised' | 'unrecorded';
  kid: string;
  /** Of the key, where it is known. */
  thumbprint?: string;
  /** Number of the first checkpoint. */
  from: number;
  /** Number of the last. */
  to: number;
  /** Line of the first, where lines are counted. */
  line?: number;
}

/** Which checkpoints a key signed. */
export interface SignedBy {
  kid: string;
  /** SHA-256 thumbprint (RFC 7638), base64url; null where the key is not known. */
  thumbprint: string | null;
  /** Whether the key is among the trusted ones. */
  held: boolean;
  checkpoints: number;
  /** Number of the first checkpoint. */
  from: number;
  /** Number of the last. */
  to: number;
}

/**
 * Which key signed which checkpoints of a chain, and which of them are valid. One that a later checkpoint of a trusted
 * key names by its hash, over links that hold, is valid no matter who signed it.
 */
export class SignatureRuns {
  private readonly keys = new Map<string, SignedBy>();
  private open: UnprovenRun[] = [];

  /**
   * Takes the next checkpoint.
   * @param isLinked whether it names the checkpoint before it by its hash
   * @returns runs that nothing can prove any longer
   */
  take(number: number, judged: Judged, isLinked: boolean, line?: number): UnprovenRun[] {
    const given = isLinked ? [] : this.end();
    if (judged.state === 'forged') return [...given, ...this.end()];
    this.note(number, judged);
    const { state, kid, thumbprint } = judged;
    if (state === 'trusted') {
      this.open = [];
      return given;
    }
    const last = this.open.at(-1);
    if (last?.kid === kid && last.state === state) last.to = number;
    else
      this.open.push({
        state,
        kid,
        from: number,
        to: number,
        ...(thumbprint !== undefined && { thumbprint }),
        ...(line !== undefined && { line }),
      });
    return given;
  }

  /** Ends the chain, or a part of it after which something is missing. */
  end(): UnprovenRun[] {
    const { open } = this;
    this.open = [];
    return open;
  }

  /** In the order in which they first signed. */
  get signedBy(): SignedBy[] {
    return [...this.keys.values()];
  }

  private note(number: number, { state, kid, thumbprint }: Exclude<Judged, { state: 'forged' }>): void {
    const known = this.keys.get(kid);
    if (known === undefined)
      this.keys.set(kid, {
        kid,
        thumbprint: thumbprint ?? null,
        held: state === 'trusted' || state === 'compromised',
        checkpoints: 1,
        from: number,
        to: number,
      });
    else {
      known.checkpoints += 1;
      known.to = number;
    }
  }
}
