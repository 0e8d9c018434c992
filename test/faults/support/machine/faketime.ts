import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARIES = '/usr/lib';

/** libfaketime of the Debian package faketime, for programs with threads. */
const library = readdirSync(LIBRARIES)
  .map((name) => join(LIBRARIES, name, 'faketime', 'libfaketimeMT.so.1'))
  .find((path) => existsSync(path));

export const hasFaketime = library !== undefined;

/**
 * The environment of a process whose clock is wrong: it differs from the machine's by some seconds and runs as fast.
 * Its monotonic clock is right.
 */
export function clockOffBy(seconds: number): Record<string, string> {
  if (library === undefined) throw new Error('libfaketime is missing: Debian package faketime');
  return {
    LD_PRELOAD: library,
    FAKETIME: `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}`,
    DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
