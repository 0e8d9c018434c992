import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Results of planted faults in a file, a line of JSON each. A result holds as long as the fault's file and the suite that
 * noticed it, or else all of its suites, are what they were. What else the suites import is not looked at: a whole run
 * begins with a file of its own.
 */
export class Results {
  /** By fault. @type {Map<string, { fault: string, of: string, survived: boolean, noticedBy?: string }>} */
  #lines = new Map();

  /** @param {string} file made with the first result, if there is none */
  constructor(file) {
    this.file = file;
    if (!existsSync(file)) return;
    for (const text of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const line = JSON.parse(text);
      this.#lines.set(line.fault, line);
    }
  }

  /** Whether the fault survived; undefined if it was not planted in these sources. */
  of(fault) {
    const line = this.#lines.get(nameOf(fault));
    return line?.of === digestOf(fault, line?.noticedBy) ? line?.survived : undefined;
  }

  /** Keeps a result, in place of the fault's earlier one. */
  add(fault, { survived, noticedBy }) {
    const of = digestOf(fault, noticedBy);
    this.#lines.set(nameOf(fault), { fault: nameOf(fault), of, survived, noticedBy });
    const names = [...this.#lines.keys()].sort();
    writeFileSync(this.file, names.map((name) => `${JSON.stringify(this.#lines.get(name))}\n`).join(''));
  }
}

function nameOf({ area, file, name }) {
  return `${area}: ${file}: ${name}`;
}

/** Of what the result depends on: the fault, its file, the suite that noticed it, or else all of its suites. */
function digestOf({ file, from, to, suites }, noticedBy) {
  const hash = createHash('sha256').update(JSON.stringify([from, to]));
  for (const path of [
    file,
    ...(noticedBy !== undefined && suites.includes(noticedBy) ? [noticedBy] : suites),
  ])
    hash.update(`\n${path}\n`).update(existsSync(path) ? readFileSync(path) : '');
  return hash.digest('hex').slice(0, 16);
}
