import { readFileSync } from 'node:fs';
import { ConfigurationError } from '@aegis/errors';

/** A user of the operating system. */
export interface SystemAccount {
  uid: number;
  gid: number;
}

/** @returns the user that runs this process. */
export function currentAccount(): SystemAccount {
  if (process.getuid === undefined || process.getgid === undefined) {
    throw new ConfigurationError(
      `The embedded PostgreSQL runs on Linux and macOS, not on ${process.platform}: set DATABASE_URL to your own PostgreSQL.`,
    );
  }
  return { uid: process.getuid(), gid: process.getgid() };
}

/**
 * PostgreSQL refuses to run as root: this is who runs it instead, `postgres` or else `nobody`.
 * @throws ConfigurationError if the system has neither
 */
export function unprivilegedAccount(): SystemAccount {
  const passwd = readFileSync('/etc/passwd', 'utf8');
  for (const name of ['postgres', 'nobody']) {
    const [, uid, gid] = new RegExp(`^${name}:[^:]*:(-?\\d+):(-?\\d+):`, 'm').exec(passwd) ?? [];
    // macOS writes nobody as -2, the kernel knows it as 4294967294.
    if (uid !== undefined && gid !== undefined && uid !== '0') {
      return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
    }
  }
  throw new ConfigurationError(
    'PostgreSQL does not run as root, and this system has neither a user "postgres" nor "nobody" to run it as: ' +
      'add one, run AEGIS as an ordinary user, or set DATABASE_URL.',
  );
}
