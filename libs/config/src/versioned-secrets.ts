/** A secret that is not in the database, and that what is stored there depends on. */
export interface VersionedSecret {
  /** `v2`: which one it is, stored with what it made. */
  readonly version: string;
  readonly secret: string;
}

/** @param settings validated: `v2:<secret>` each, the current one first */
export function readVersionedSecrets(settings: readonly string[]): VersionedSecret[] {
  return settings.map((setting) => {
    const colon = setting.indexOf(':');
    return { version: setting.slice(0, colon), secret: setting.slice(colon + 1) };
  });
}

/**
 * The version of the next secret, behind all that are in use.
 * @param secrets those in use
 * @param taken versions that were used once, also in a rotation that was given up: none is given to another secret
 */
export function nextVersion(secrets: readonly VersionedSecret[], taken: ReadonlySet<string>): string {
  // The versions on record may be any text, so only those in use say where to begin.
  let number = Math.max(0, ...secrets.map(versionNumber)) + 1;
  while (taken.has(`v${number}`)) number += 1;
  return `v${number}`;
}

/** @returns 2 for `v2` */
export function versionNumber({ version }: Pick<VersionedSecret, 'version'>): number {
  return Number(version.slice(1));
}
