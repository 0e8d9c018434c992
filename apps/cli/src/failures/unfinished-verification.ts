/**
 * A finding was certain before this error ended the verification: the result is "no", no matter what the rest would
 * show.
 */
export class UnfinishedVerification extends Error {
  override readonly name = 'UnfinishedVerification';

  /** @param cause what ended the verification */
  constructor(override readonly cause: unknown) {
    super('The verification was not completed.', { cause });
  }
}
