import { open } from 'node:fs/promises';
import { createFile } from './durable-file';

/** No file can be created there: Linux refuses it to root, too. */
const NOT_WRITABLE = '/sys/aegis';

describe('a file that cannot be created', () => {
  it('is refused for the reason that the file system gives', async () => {
    const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
      attempt.then(
        () => 'created',
        (error: unknown) => (error as NodeJS.ErrnoException).code,
      );
    const reason = await codeOf(open(NOT_WRITABLE, 'wx'));
    expect(reason).not.toBe('created');
    expect(await codeOf(createFile(NOT_WRITABLE, 'text', 0o600))).toBe(reason);
  });
});
