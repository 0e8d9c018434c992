/** A number from 0 to 1, without 1: so that installations that started together do not ask together. */
export function randomShare(): number {
  const [number = 0] = globalThis.crypto.getRandomValues(new Uint32Array(1));
  return number / 2 ** 32;
}
