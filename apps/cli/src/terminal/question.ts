import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UsageProblem } from './usage-problem';

/** Whether somebody can be asked: standard input and standard error are a terminal. Standard output is for answers. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks at the terminal.
 * @param question on standard error
 * @param without names the missing answer if the terminal is closed: `passphrase`
 * @param unseen whether the terminal hides what is typed
 * @throws UsageProblem if the terminal is closed; Ctrl-C ends the command as a signal does
 */
export function ask(question: string, without: string, { unseen = false } = {}): Promise<string> {
  // The line editor shows what is typed on its output: here, nowhere.
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const output = unseen ? nowhere : process.stderr;
  const editor = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  if (unseen) process.stderr.write(question);
  else {
    // While somebody types, the editor draws its line again, with the question.
    editor.setPrompt(question);
    editor.prompt();
  }
  return new Promise((resolve, reject) => {
    editor.once('line', (line) => {
      resolve(line);
      editor.close();
    });
    // While the editor uses the terminal, Ctrl-C arrives as a character.
    editor.once('SIGINT', () => {
      editor.removeAllListeners('close').close();
      process.stderr.write('\n');
      process.emit('SIGINT', 'SIGINT');
    });
    editor.once('close', () => {
      if (unseen) process.stderr.write('\n');
      reject(new UsageProblem(`No ${without} was given.`));
    });
  });
}
