import { join } from 'node:path';
import { installPypiPrograms, pypiPrograms } from '../python/pypi-programs';
import { type Outcome, outcomeOf, type Podman } from './podman';

const ROOT = join(__dirname, '../../..');

/** The program, once it is installed. */
export const PODMAN_COMPOSE = join(pypiPrograms('podman-compose'), 'podman-compose');

/** Makes podman-compose available, from PyPI the first time. */
export function installPodmanCompose(): Promise<void> {
  return installPypiPrograms('podman-compose');
}

/** A project of podman-compose: a compose file of docker/. */
export class ComposeProject {
  /**
   * @param name of the project, which is in the names of its containers
   * @param file name in docker/
   * @param variables that the file uses
   */
  constructor(
    private readonly podman: Podman,
    private readonly name: string,
    private readonly file: string,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  outcome(...args: readonly string[]): Promise<Outcome> {
    return outcomeOf(
      PODMAN_COMPOSE,
      ['--file', join(ROOT, 'docker', this.file), ...args],
      { ...this.podman.env, ...this.variables, COMPOSE_PROJECT_NAME: this.name },
      this.podman.folder,
    );
  }

  /** Runs a command that must succeed. */
  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.outcome(...args);
    if (code !== 0)
      throw new Error(`podman-compose ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** What a service has written, on both streams. */
  async logs(service: string): Promise<string> {
    const { stdout, stderr } = await this.podman.outcome('logs', this.container(service));
    return stdout + stderr;
  }

  /** Name of the only container of a service. */
  container(service: string): string {
    return `${this.name}_${service}_1`;
  }
}
