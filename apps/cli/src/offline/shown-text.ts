import { callersPath } from '@aegis/config';
import { cleanPaste, parseOfflineRequest, withoutOuterWhiteSpace } from '@aegis/license-token';
import { text as readAll } from 'node:stream/consumers';
import { readTextFile } from '../terminal/text-file';
import { withoutByteOrderMark } from '../terminal/text-lines';
import { UsageProblem } from '../terminal/usage-problem';

const STANDARD_INPUT = '-';
/** A signed text begins with the base64url of `{"`. A file may be named so, and then needs `./` in front. */
const SIGNED_TEXT = /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/;

/**
 * Reads what an argument shows: a signed text or an offline request itself, `-` for standard input, or a file.
 * @returns the text, without white space and a byte order mark around it
 * @throws UsageProblem when a file can't be read
 */
export async function readShown(argument: string): Promise<string> {
  if (isText(argument)) return withoutOuterWhiteSpace(argument);
  if (argument === STANDARD_INPUT)
    return withoutOuterWhiteSpace(withoutByteOrderMark(await readAll(process.stdin)));
  return readTrimmedFile(callersPath(argument));
}

/** Whether an argument is a text and no path, however it was pasted. */
function isText(argument: string): boolean {
  return SIGNED_TEXT.test(cleanPaste(argument).token) || !('refused' in parseOfflineRequest(argument));
}

/**
 * Reads a file that holds one text.
 * @param path as the file system takes it
 * @throws UsageProblem when it can't be read
 */
export async function readTrimmedFile(path: string): Promise<string> {
  try {
    return withoutOuterWhiteSpace(withoutByteOrderMark(await readTextFile(path)));
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageProblem(`${path} can't be read (${code}).`);
  }
}
