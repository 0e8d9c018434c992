/** How long the first bytes may take, and what a network may lose and send again. */
const PATIENCE_MS = 10_000;
/** The slowest line that is waited for: 256 kbit/s. */
const BYTES_PER_MS = 32 * 1.024;

/**
 * How long a body may take, by how much of it has come: a small one that is held back is given up soon, a large one is
 * waited for as long as it keeps coming.
 * @param received bytes so far
 * @returns milliseconds from when it was first waited for
 */
export function bodyPatience(received: number): number {
  return PATIENCE_MS + received / BYTES_PER_MS;
}

/**
 * Gives up a body that comes too slowly.
 * @param received bytes so far
 * @param giveUp called once, unless `stop` is called before
 * @returns `stop`
 */
export function watchPace(received: () => number, giveUp: () => void): () => void {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const left = startedAt + bodyPatience(received()) - performance.now();
    if (left <= 0) giveUp();
    else timer = setTimeout(look, Math.ceil(left));
  };
  look();
  return () => {
    clearTimeout(timer);
  };
}
