import { adaptText, type TextRule } from '@aegis/field-rules';

/** How a value was taken differently from the source. */
export type AdaptationCode = 'text_cut' | 'text_cleaned' | 'email_set_aside';

/** That a value was taken differently from the source. The message contains no value. */
export interface Adaptation {
  code: AdaptationCode;
  message: string;
}

const MESSAGES: Readonly<Record<AdaptationCode, string>> = {
  text_cut: 'is too long, and was cut',
  text_cleaned: 'has control or invisible characters that the API refuses; they were removed',
  email_set_aside: 'is not an e-mail address that the API accepts, and was left empty',
};

/**
 * Makes the texts of one record of an import keep the rules of the API: what a rule refuses can't be sent back to be
 * corrected, and a record that breaks it could not be sent back to the API. What gets lost by that is kept in the
 * record's notes.
 */
export class ImportTexts {
  readonly adaptations: Adaptation[] = [];
  private readonly kept: string[] = [];

  /**
   * @param path in front of the fields' names, e.g. `customer.`
   * @param notesRule rule of the record's notes
   */
  constructor(
    private readonly path: string,
    private readonly notesRule: TextRule,
  ) {}

  /** @returns the text as it can be stored; null where nothing of it is left */
  take(field: string, given: string | null, rule: TextRule): string | null {
    if (given === null) return null;
    const { text, cleaned, cut } = adaptText(given, rule);
    if (rule.email && text === null) this.keep('email_set_aside', field, given);
    else if (cut) this.keep('text_cut', field, given);
    else if (cleaned) this.note('text_cleaned', field);
    return text;
  }

  /** Call it last. @returns the notes, behind what is kept of the fields that were taken before */
  takeNotes(given: string | null): string | null {
    const own = given === null ? null : adaptText(given, unbounded(this.notesRule));
    if (own?.cleaned) this.note('text_cleaned', 'notes');
    const all = [...this.kept, own?.text ?? ''].filter((part) => part !== '').join('\n');
    if (all === '') return null;
    const { text, cut } = adaptText(all, this.notesRule);
    if (cut) this.note('text_cut', 'notes');
    return text;
  }

  private keep(code: AdaptationCode, field: string, given: string): void {
    this.note(code, field, '; the notes keep it');
    // On one line, so that it can't be taken for several.
    const { text } = adaptText(given, { minLength: 1, maxLength: Number.MAX_SAFE_INTEGER });
    this.kept.push(`${field} as imported: ${text ?? ''}`);
  }

  private note(code: AdaptationCode, field: string, more = ''): void {
    this.adaptations.push({ code, message: `${this.path}${field} ${MESSAGES[code]}${more}.` });
  }
}

function unbounded(rule: TextRule): TextRule {
  return { ...rule, maxLength: Number.MAX_SAFE_INTEGER };
}
