/** So much of a failed answer is kept. */
export const ANSWER_BYTES = 256;

/**
 * What is kept of a failed answer, for people to read.
 * @param bytes its beginning
 * @param encoding its `content-encoding`; nothing is decompressed
 * @returns 256 bytes of UTF-8 at most, without controls; null when it is not text or empty
 */
export function answerText(bytes: Buffer, encoding: string | undefined): string | null {
  if (encoding !== undefined && encoding !== 'identity') return null;
  let text: string;
  try {
    // `stream`: a character that the end of `bytes` cuts is left out, and is not an error.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, ANSWER_BYTES), {
      stream: true,
    });
  } catch {
    return null;
  }
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim() || null;
}
