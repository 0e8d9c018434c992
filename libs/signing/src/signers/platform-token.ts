import { ConfigurationError } from '@aegis/errors';
import { READABLE, readTrustedFile, whyUnreadable } from '@aegis/secret-files';

const JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Reads the token by which the platform says who this process is; it is sent to another service. The platform replaces
 * the file from time to time. A file that is not a token is never sent: a wrong path must not give away a secret.
 * @param path of a file that has a JWT in compact form (RFC 7519)
 * @param variable the setting that names the file
 * @param hint what the file should be, as a sentence
 * @throws ConfigurationError when it can't be read or trusted, or is not a JWT
 */
export async function readPlatformToken(path: string, variable: string, hint = ''): Promise<string> {
  const refused = (why: string, cause?: unknown): ConfigurationError =>
    new ConfigurationError(`The file that ${variable} names ${why}.${hint && ` ${hint}`}`, { cause });
  const text = await readTrustedFile(path, READABLE).catch((error: unknown) => {
    throw refused(whyUnreadable(error), error);
  });
  const token = text.trim();
  if (!JWS.test(token)) throw refused('does not contain a JWT, and is not sent');
  return token;
}
