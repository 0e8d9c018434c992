import { nextVersion, type VersionedSecret, versionNumber } from '@aegis/config';
import { randomBytes } from 'node:crypto';

const SECRET_BYTES = 48;

/** The state of a rotation of versioned secrets: what to do next. */
export type RotationStep = 'add' | 'promote' | 'wait' | 'drop';

/**
 * The next step of a rotation.
 * @param secrets of this process, the current one first
 * @param needed versions that something still depends on
 */
export function nextRotationStep(
  secrets: readonly VersionedSecret[],
  needed: ReadonlySet<string>,
): RotationStep {
  const [current, ...others] = secrets;
  if (!current || others.length === 0) return 'add';
  if (others.some((other) => versionNumber(other) > versionNumber(current))) return 'promote';
  return others.some(({ version }) => needed.has(version)) ? 'wait' : 'drop';
}

/**
 * The secrets after a step.
 * @param taken versions that were used once, even in a rotation that was given up: none is given to another secret
 */
export function secretsAfter(
  step: RotationStep,
  secrets: readonly VersionedSecret[],
  taken: ReadonlySet<string>,
): readonly VersionedSecret[] {
  switch (step) {
    case 'add':
      return [
        ...secrets,
        { version: nextVersion(secrets, taken), secret: randomBytes(SECRET_BYTES).toString('base64url') },
      ];
    case 'promote': {
      const newest = secrets.toSorted((a, b) => versionNumber(b) - versionNumber(a))[0];
      return newest ? [newest, ...secrets.filter((secret) => secret !== newest)] : [];
    }
    case 'wait':
      return secrets;
    case 'drop':
      return secrets.slice(0, 1);
  }
}

/** As the setting is written. */
export function secretsText(secrets: readonly VersionedSecret[]): string {
  return secrets.map(({ version, secret }) => `${version}:${secret}`).join(',');
}
