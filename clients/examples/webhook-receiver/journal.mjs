// Remembers which events were received, in a file: a line for each. An event is on the disk before it is acknowledged.
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * @typedef {{id: string, type: string, timestamp: string, sequence: number, data: Record<string, unknown>}} WebhookEvent
 */

/** The events of one endpoint. Only one process may write a file. */
export class Journal {
  /** @type {Set<string>} */
  #ids = new Set();
  /** Sequences above `upTo` that were received. @type {Set<number>} */
  #ahead = new Set();
  #file;

  /** Every event up to this sequence was received. */
  upTo = 0;

  /** @param {string} path of the file, which is made if it does not exist */
  constructor(path) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    // A line without its end was cut off by a crash, before its event was acknowledged.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n').slice(0, -1)) this.#remember(JSON.parse(line));
    this.#file = openSync(path, 'a');
    ftruncateSync(this.#file, Buffer.byteLength(whole));
  }

  /** Whether an event is missing below one that was received. */
  get hasGap() {
    return this.#ahead.size > 0;
  }

  /**
   * Whether an event was received before: the same event can come again, with the same id.
   * @param {string} id
   */
  has(id) {
    return this.#ids.has(id);
  }

  /**
   * Puts an event on record.
   * @param {WebhookEvent} event
   */
  record(event) {
    if (!this.#ids.has(event.id) || !this.#isCounted(event.sequence)) this.#write({ event });
  }

  /**
   * Notes that nothing is missing up to a sequence, since all events up to it were read from the server.
   * @param {number} sequence
   */
  complete(sequence) {
    if (sequence > this.upTo) this.#write({ complete: sequence });
  }

  close() {
    closeSync(this.#file);
  }

  /** @param {number} sequence */
  #isCounted(sequence) {
    return sequence <= this.upTo || this.#ahead.has(sequence);
  }

  /** @param {{event?: WebhookEvent, complete?: number}} entry */
  #write(entry) {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    fsyncSync(this.#file);
    this.#remember(entry);
  }

  /** @param {{event?: WebhookEvent, complete?: number}} entry */
  #remember({ event, complete }) {
    if (event !== undefined) {
      this.#ids.add(event.id);
      if (event.sequence > this.upTo) this.#ahead.add(event.sequence);
    }
    if (complete !== undefined && complete > this.upTo) {
      this.upTo = complete;
      for (const sequence of this.#ahead) if (sequence <= complete) this.#ahead.delete(sequence);
    }
    while (this.#ahead.delete(this.upTo + 1)) this.upTo += 1;
  }
}
