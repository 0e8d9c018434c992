import type { FieldError } from './domain-error';
import { asStorableText } from './storable-text';

const MOST_ERRORS = 100;
/** As JSON; an answer with everything else in it stays far below 64 KiB. */
const MOST_BYTES = 32 * 1024;
const LONGEST_FIELD = 200;
const LONGEST_MESSAGE = 500;

/**
 * Collects the broken rules of one request. Their number, the length of each and their bytes are bounded together: a
 * bound on each alone does not bound the answer, which repeats one long name in a thousand errors. The caller stops
 * collecting as soon as `isFull` is true.
 */
export class FieldErrors {
  private readonly kept: FieldError[] = [];
  private bytes = 0;
  private left = false;

  /** @param errors collected elsewhere, whose number is bounded by the code that lists them */
  static of(errors: readonly FieldError[]): FieldErrors {
    const bounded = new FieldErrors();
    for (const { field, message } of errors) {
      if (bounded.isFull) break;
      bounded.add(field, message);
    }
    return bounded;
  }

  /** Whether there were more errors than one answer names. */
  get isFull(): boolean {
    return this.left;
  }

  get isEmpty(): boolean {
    return this.kept.length === 0;
  }

  get all(): readonly FieldError[] {
    return this.kept;
  }

  /**
   * Keeps one error, or leaves it out where the answer has no room for it.
   * @param field its path as the caller wrote it; cut after 200 characters
   * @param message the rule in words; cut after 500 characters
   */
  add(field: string, message: string): void {
    if (this.left) return;
    const error = {
      field: asStorableText(shortened(field, LONGEST_FIELD)),
      message: shortened(message, LONGEST_MESSAGE),
    };
    const bytes = this.bytes + Buffer.byteLength(JSON.stringify(error)) + 1;
    if (this.kept.length === MOST_ERRORS || bytes > MOST_BYTES) {
      this.left = true;
      return;
    }
    this.kept.push(error);
    this.bytes = bytes;
  }
}

/**
 * The beginning of a text that is too long to be repeated.
 * @param length in UTF-16 units, the sign that something was cut included
 */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  // Half of a character is not a character.
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
