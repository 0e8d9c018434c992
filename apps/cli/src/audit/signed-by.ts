import type { SignedBy } from '@aegis/checkpoints';
import { printable } from '../terminal/printable';

/**
 * Says, a line a key, which checkpoints it signed, with its thumbprint for people to compare.
 * @param source of the keys
 */
export function signedByLines(signers: readonly SignedBy[], source: 'file' | 'database'): string[] {
  return signers.map(({ kid, thumbprint, held, checkpoints, from, to }) => {
    const which = from === to ? `checkpoint ${from}` : `${checkpoints} checkpoint(s) from ${from} to ${to}`;
    const unknown =
      thumbprint === null ? 'thumbprint not known' : `thumbprint ${thumbprint}, by the database`;
    const key = held
      ? `thumbprint ${thumbprint}${source === 'database' ? ', by the database' : ''}`
      : unknown;
    return `signed by ${printable(kid)} (${key}${held ? '' : '; not among these keys'}): ${which}`;
  });
}
