/** Something that does not hold was found before this error ended the verification: the answer is no, whatever is left. */
export class UnfinishedVerification extends Error {
  override readonly name = 'UnfinishedVerification';

  /** @param cause what ended the verification */
  constructor(override readonly cause: unknown) {
    super('The verification was not completed.', { cause });
  }
}
