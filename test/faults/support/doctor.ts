import type { Servers } from './servers';

interface Answer {
  examined: { name: string; found: { severity: string; message: string }[] }[];
}

/**
 * Runs `aegis doctor`.
 * @param changes settings besides those of the servers, or others
 * @returns what it found that is wrong or could not be looked at; warnings are left out
 */
export async function doctorFinds(
  servers: Servers,
  changes?: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { exitCode, stdout, stderr } = await servers.commandLine(changes).run('doctor', '--json');
  if (exitCode !== 0 && exitCode !== 1 && exitCode !== 3)
    return [`it ended with ${exitCode}: ${stdout}${stderr}`];
  const { examined } = JSON.parse(stdout) as Answer;
  return examined.flatMap(({ name, found }) =>
    found
      .filter(({ severity }) => severity !== 'warning')
      .map(({ severity, message }) => `${severity}: ${name}: ${message}`),
  );
}
