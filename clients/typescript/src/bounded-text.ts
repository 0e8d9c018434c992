/**
 * Reads the body of an answer as UTF-8, up to a bound: a small answer may be unpacked to fill the memory.
 * @param maxBytes after what the transport packed is unpacked
 * @returns null where it is longer; then the rest is not read
 * @throws what the connection throws
 */
export async function boundedText({ body }: Response, maxBytes: number): Promise<string | null> {
  if (body === null) return '';
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    length += value?.length ?? 0;
    if (length > maxBytes) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}
