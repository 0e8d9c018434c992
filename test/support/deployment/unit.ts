import { readFileSync } from 'node:fs';

/** What a unit of systemd starts a program with. */
export interface Unit {
  command: string[];
  /** Of its settings files, then of its `Environment=` lines. */
  settings: Record<string, string>;
}

/**
 * Reads the unit of a service as systemd would.
 * @param text with its lines, in which `%i` stands for the instance
 */
export function readUnit(text: string, instance: string): Unit {
  const values = (name: string): string[] =>
    [...text.replaceAll('%i', instance).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(
      ([, value = '']) => value,
    );
  const lines = [
    ...values('EnvironmentFile').flatMap((file) => readFileSync(file, 'utf8').trim().split('\n')),
    ...values('Environment'),
  ];
  const settings = lines.map(
    (line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const,
  );
  return { command: values('ExecStart').join(' ').split(' '), settings: Object.fromEntries(settings) };
}
