import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { verifyLicense } from '../../../clients/typescript/src/index';
import { askClient } from './ask-client';
import type { VectorAnswer } from './read-vectors';
import type { RandomQuestion } from './random-questions';

const ROOT = join(__dirname, '../../..');
/** Debian's own: its packages are not for another Python that may come first on the path. */
const PYTHON = '/usr/bin/python3';

/** Whether the Python client can run here. */
export const hasPython = spawnSync(PYTHON, ['-c', 'import cryptography']).status === 0;

/** What the TypeScript client answers. */
export async function typescriptAnswer(asked: RandomQuestion): Promise<VectorAnswer> {
  return (await askClient(verifyLicense, asked)).answer;
}

/** What the Python client answers, in the order of the questions: one process for all. */
export function pythonAnswers(asked: readonly RandomQuestion[]): VectorAnswer[] {
  const { status, stdout, stderr } = spawnSync(
    PYTHON,
    [join(ROOT, 'test/support/python/answer_questions.py')],
    {
      input: JSON.stringify(asked),
      encoding: 'utf8',
      env: {
        ...process.env,
        PYTHONPATH: join(ROOT, 'clients/python/src'),
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONIOENCODING: 'utf-8',
      },
      maxBuffer: 100_000_000,
    },
  );
  if (status !== 0) throw new Error(`the Python client ended with ${status}:\n${stderr}`);
  const answers = JSON.parse(stdout) as Record<string, unknown>[];
  return answers.map(({ error: _error, checked_at: _at, ...answer }) => answer as unknown as VectorAnswer);
}
