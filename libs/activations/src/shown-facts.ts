const PREFIX_DIGITS = 8;

/** What is shown of the digest of a fingerprint. */
export function fingerprintPrefix(fp: Buffer): string {
  return fp.toString('hex').slice(0, PREFIX_DIGITS);
}

/** Seconds after which a heartbeat is due, so that two may be lost. */
export function heartbeatAfter(lastsSeconds: number): number {
  return Math.floor(lastsSeconds / 3);
}
