import { lchownSync } from 'node:fs';

const NOBODY = 65534;

/**
 * Makes files and links belong to another user than the one that runs the code under test. Root gives them away;
 * anybody else lets the code believe that another user runs it, until mocks are restored.
 */
export function giveToAnotherUser(...paths: readonly string[]): void {
  const user = process.geteuid!();
  if (user === 0) for (const path of paths) lchownSync(path, NOBODY, NOBODY);
  else jest.spyOn(process, 'geteuid').mockReturnValue(user + 1);
}

/** Undoes `giveToAnotherUser`. */
export function takeBack(...paths: readonly string[]): void {
  jest.restoreAllMocks();
  if (process.geteuid!() === 0) for (const path of paths) lchownSync(path, 0, 0);
}
