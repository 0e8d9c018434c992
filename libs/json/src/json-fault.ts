const WHITE_SPACE = /[ \t\n\r]*/y;
const NUMBER_OR_WORD = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Where a text stops being JSON. */
export interface JsonFault {
  /** Both count from 1, columns in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** What is often meant; undefined where nothing is known. Never text of the body. */
  readonly hint: string | undefined;
}

/**
 * Finds the first character at which a text can no longer become JSON (RFC 8259). For messages alone: the engine's own
 * repeat what was sent, and do not always say where.
 * @returns undefined when the text is JSON
 */
export function jsonFault(text: string): JsonFault | undefined {
  const fault = new Reader(text).read();
  if (fault === undefined) return undefined;
  const before = text.slice(0, fault.at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, hint: fault.hint };
}

interface Fault {
  readonly at: number;
  readonly hint?: string;
}

/** Reads values one after the other; open lists and objects are on a stack, so that depth costs no calls. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  read(): Fault | undefined {
    const open: ('}' | ']')[] = [];
    for (let expectsValue = true; ;) {
      this.match(WHITE_SPACE);
      const close = open.at(-1);
      if (expectsValue) {
        if (close === '}') {
          const fault = this.name();
          if (fault !== undefined) return fault;
        }
        const begun = this.take('{') ? '}' : this.take('[') ? ']' : undefined;
        if (begun !== undefined) {
          this.match(WHITE_SPACE);
          // An empty one is a whole value.
          if (this.take(begun)) expectsValue = false;
          else open.push(begun);
          continue;
        }
        const fault = this.text[this.at] === '"' ? this.string() : this.scalar();
        if (fault !== undefined) return fault;
        expectsValue = false;
      } else if (close === undefined) {
        return this.at === this.text.length ? undefined : { at: this.at };
      } else if (this.take(close)) open.pop();
      else if (this.take(',')) {
        const comma = this.at - 1;
        this.match(WHITE_SPACE);
        if (this.text[this.at] === close) return { at: comma, hint: 'no comma may stand after the last one' };
        expectsValue = true;
      } else return { at: this.at };
    }
  }

  private name(): Fault | undefined {
    if (this.text[this.at] !== '"') return { at: this.at, hint: 'a name must be in double quotes' };
    const fault = this.string();
    if (fault !== undefined) return fault;
    this.match(WHITE_SPACE);
    if (!this.take(':')) return { at: this.at };
    this.match(WHITE_SPACE);
    return undefined;
  }

  private string(): Fault | undefined {
    for (this.at++; this.at < this.text.length;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit === 0x22) {
        this.at++;
        return undefined;
      }
      if (unit === 0x0a || unit === 0x0d)
        return { at: this.at, hint: 'a line break in a text must be written \\n' };
      if (unit < 0x20 || (unit === 0x5c && !this.match(ESCAPE))) return { at: this.at };
      if (unit !== 0x5c) this.at++;
    }
    return { at: this.at };
  }

  private scalar(): Fault | undefined {
    if (this.match(NUMBER_OR_WORD)) return undefined;
    return this.text[this.at] === "'"
      ? { at: this.at, hint: 'a text must be in double quotes' }
      : { at: this.at };
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** Goes past what the pattern matches here. */
  private match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}
