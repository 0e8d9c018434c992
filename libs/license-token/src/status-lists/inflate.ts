/**
 * Inflates zlib data (RFC 1950) wherever there are web streams: browsers, Node, other runtimes.
 * @param limit most bytes that may come out; what would grow larger is given up as soon as it does, so that a small
 * text can't fill the memory
 * @returns null when it is not a whole zlib stream, its checksum is wrong, something follows it, or it is larger than the
 * limit
 */
export async function inflate(compressed: Uint8Array, limit: number): Promise<Uint8Array | null> {
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
  const whole = joined(chunks, length);
  // Browsers refuse what follows the stream, and Node ignores it.
  return endsWithChecksum(compressed, whole) ? whole : null;
}

const CHECKSUM_BYTES = 4;
const ADLER_MODULUS = 65_521;

/** Whether the last bytes are the Adler-32 checksum of what came out (RFC 1950 section 2.2): nothing follows it then. */
function endsWithChecksum(compressed: Uint8Array, inflated: Uint8Array): boolean {
  let low = 1;
  let high = 0;
  for (const byte of inflated) {
    low = (low + byte) % ADLER_MODULUS;
    high = (high + low) % ADLER_MODULUS;
  }
  const { buffer, byteOffset, length } = compressed;
  const checksum = new DataView(buffer, byteOffset + length - CHECKSUM_BYTES, CHECKSUM_BYTES);
  return checksum.getUint16(0) === high && checksum.getUint16(2) === low;
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
