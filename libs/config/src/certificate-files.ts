import {
  assertTrustedFileSync,
  READABLE,
  readTrustedFileSync,
  SECRET,
  UnsafeFile,
} from '@aegis/secret-files';
import { X509Certificate } from 'node:crypto';
import type { Environment } from './environment';
import { settings } from './setting';

/**
 * What is wrong with the files that a database's URL names in sslrootcert, sslcert and sslkey: the driver reads them when
 * it connects, which is too late to say which setting is meant.
 * @param isSound whether a setting is set and keeps the rules on its value
 * @returns one line a refusal
 */
export function certificateProblems(
  environment: Environment,
  isSound: (name: keyof Environment) => boolean,
): string[] {
  const names = [...settings()].filter(([, { kind }]) => kind === 'postgres-url' || kind === 'postgres-urls');
  return names.flatMap(([name]) => {
    if (!isSound(name as keyof Environment)) return [];
    const urls = [environment[name as keyof Environment]].flat();
    return urls.flatMap((url) => (typeof url === 'string' ? problemsOfUrl(name, url) : []));
  });
}

function problemsOfUrl(name: string, url: string): string[] {
  const parameters = new URL(url).searchParams;
  return ['sslrootcert', 'sslcert', 'sslkey'].flatMap((parameter) => {
    const path = parameters.get(parameter);
    const problem = path === null ? undefined : fileProblem(path, parameter !== 'sslkey');
    return problem === undefined ? [] : [`${name}: ${parameter}=${path ?? ''} ${problem}`];
  });
}

function fileProblem(path: string, isCertificate: boolean): string | undefined {
  try {
    // The private key of a TLS client is a secret, and a CA decides which server gets the password; the driver reads
    // them without judging them.
    if (isCertificate) new X509Certificate(readTrustedFileSync(path, READABLE));
    else assertTrustedFileSync(path, SECRET);
    return undefined;
  } catch (error) {
    if (error instanceof UnsafeFile) return error.message;
    const { syscall, code = 'unknown reason' } = error as NodeJS.ErrnoException;
    return syscall === undefined
      ? 'does not contain a PEM certificate; name the file of the CA that signed the certificate of the server'
      : `can't be read (${code}); correct the path, or let this user read it`;
  }
}
