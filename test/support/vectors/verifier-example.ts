import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blocksOf } from '../pages';
import { writeRandomVectors } from './random-vectors';
import { readVectors } from './read-vectors';

const CLIENTS = join(__dirname, '../../../clients');
/** Questions in addition to the vectors, with the answers of the library. */
const RANDOM = 1000;

/** A verifier of clients/examples in another language, copied together with the vectors, and random ones. */
export class VerifierExample {
  /** Of the copies, and of whatever is made on the way. */
  readonly folder = mkdtempSync(join(tmpdir(), 'aegis-verifier-'));
  /** The copy of the example. */
  readonly example: string;
  /** The commands of its page that answer all vectors. */
  readonly answersVectors: string;
  /** What they say where each answer is right. */
  readonly allRight = `${readVectors().length + RANDOM} vectors, 0 differences\n`;

  /** @param path below clients */
  constructor(private readonly path: string) {
    this.example = join(this.folder, path);
    [this.answersVectors = ''] = blocksOf(`clients/${path}/README.md`);
  }

  async copy(): Promise<void> {
    for (const part of ['vectors', this.path])
      cpSync(join(CLIENTS, part), join(this.folder, part), { recursive: true });
    await writeRandomVectors(join(this.folder, 'vectors/random.json'), RANDOM);
  }

  /** Runs a program in the copy of the example. */
  run(
    environment: NodeJS.ProcessEnv,
    command: string,
    ...args: string[]
  ): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(command, args, { cwd: this.example, encoding: 'utf8', env: environment });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
