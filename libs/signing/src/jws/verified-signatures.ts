/**
 * Remembers which tokens' signatures held, so that a token that is asked for again costs no Ed25519 check.
 * That a signature holds never changes, as a kid never gets another key. Anything that can change (the state of
 * a key or a license, a verdict) must not be kept here. Bounded: the token unused for longest is forgotten first.
 */
export class VerifiedSignatures<T> {
  // A Map iterates in the order of insertion, so its first entry is the one unused for longest.
  private readonly entries = new Map<string, T>();

  /** @param capacity - tokens remembered at most. */
  constructor(private readonly capacity = 50_000) {}

  /**
   * @param sha256 - of the whole token, its signature included.
   * @returns what was remembered with it, or undefined when the signature is still to be checked.
   */
  recall(sha256: string): T | undefined {
    const parsed = this.entries.get(sha256);
    if (parsed !== undefined) this.remember(sha256, parsed);
    return parsed;
  }

  /**
   * To be called only after the signature was found to hold.
   * @param sha256 - of the whole token, its signature included.
   * @param parsed - what the token says.
   */
  remember(sha256: string, parsed: T): void {
    this.entries.delete(sha256);
    this.entries.set(sha256, parsed);
    if (this.entries.size <= this.capacity) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      break;
    }
  }
}
