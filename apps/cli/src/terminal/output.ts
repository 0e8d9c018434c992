import { jsonLine } from '@aegis/json';
import { printable, printableLines } from './printable';

/**
 * What a command answers on standard output: text for people or, with `--json`, exactly one JSON document on a line.
 * It never writes a control character from a text that someone else chose. A reader that goes away (`| head`) does not
 * end the command.
 */
export class Output {
  private list: string | undefined;
  private failure: NodeJS.ErrnoException | undefined;

  /** @param json whether `--json` was asked for */
  constructor(
    private readonly json: boolean,
    private readonly stream: NodeJS.WritableStream = process.stdout,
  ) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.failure = error;
    });
  }

  /**
   * Writes one entry of a list that may be long, at once; `end` follows.
   * @param list the list's name in the JSON document, the same each time
   * @param text for people, one line
   */
  entry(list: string, value: object, text: string): void {
    if (!this.json) this.line(text);
    else {
      this.stream.write(`${this.list === undefined ? `{${JSON.stringify(list)}:[` : ','}${jsonLine(value)}`);
      this.list = list;
    }
  }

  /** Writes, without `--json` alone, a line for people; the JSON document says it in `end`. */
  line(text: string): void {
    if (!this.json) this.stream.write(`${printable(text)}\n`);
  }

  /**
   * Writes the answer, or what is left of it after its entries. Called once.
   * @param value an object with one member or more; a list without entries must be among them
   * @param text for people, without a line feed at its end; what someone else chose is `printable` in it
   */
  end(value: object, text: string): void {
    const document = jsonLine(value);
    if (this.json) this.stream.write(`${this.list === undefined ? document : `],${document.slice(1)}`}\n`);
    else this.stream.write(`${printableLines(text)}\n`);
  }

  /** Writes, with `--json` alone, why there is no answer: `{"error": …}`. People read it on standard error. */
  fail(code: string, message: string): void {
    if (this.json) this.end({ error: { code, message } }, '');
  }

  /** @throws what kept the answer from being written, except that its reader went away */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.stream.write('', () => {
        resolve();
      });
    });
    if (this.failure) throw this.failure;
  }
}
