/**
 * Inflates zlib data (RFC 1950) wherever there are web streams: browsers, Node, other runtimes.
 * @param limit most bytes that may come out; what would grow larger is given up as soon as it does, so that a small
 * text can't fill the memory
 * @returns null when it is not a whole zlib stream, its checksum is wrong, something follows it, or it is larger than the
 * limit
 */
export async function inflate(compressed: Uint8Array, limit: number): Promise<Uint8Array | null> {
  const whole = await inflatedPrefix(compressed, limit);
  if (whole === null) return null;
  // Browsers refuse what follows the stream, and Node ignores it. A stream that ends earlier is whole without its last byte,
  // too.
  return (await inflatedPrefix(compressed.subarray(0, -1), limit)) === null ? whole : null;
}

/** What a stream inflates to that these bytes begin with; some platforms ignore what follows it. Null as for `inflate`. */
async function inflatedPrefix(compressed: Uint8Array, limit: number): Promise<Uint8Array | null> {
  const inflated = new Blob([compressed as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'));
  const reader = inflated.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      if (value === undefined) continue;
      length += value.length;
      if (length > limit) {
        await reader.cancel();
        return null;
      }
      chunks.push(value);
    }
  } catch {
    return null;
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
