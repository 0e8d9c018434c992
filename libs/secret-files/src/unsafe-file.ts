/**
 * A file that must not be trusted as it is. The message continues a sentence that begins with the file's name, and
 * says what to do: `has mode 0644: …`.
 */
export class UnsafeFile extends Error {
  override readonly name = 'UnsafeFile';
}

/**
 * Why a file could not be read, as the end of a sentence that begins with its name.
 * @param error what reading it threw
 */
export function whyUnreadable(error: unknown): string {
  return why('read', error);
}

/**
 * Why a file could not be written, as the end of a sentence that begins with its name.
 * @param error what writing it threw
 */
export function whyUnwritable(error: unknown): string {
  return why('written', error);
}

function why(deed: 'read' | 'written', error: unknown): string {
  if (error instanceof UnsafeFile) return error.message;
  return `can't be ${deed} (${(error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown reason'})`;
}
