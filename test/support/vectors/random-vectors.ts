import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { asked } from './asked';
import { randomQuestion } from './random-questions';

/** Writes random questions with the answers of the library, as a file of vectors. @param path of the file */
export async function writeRandomVectors(path: string, count: number): Promise<void> {
  const answered = await Promise.all(fc.sample(randomQuestion, count).map(asked));
  const vectors = answered.map((vector, at) => ({ ...vector, id: `random-${at}` }));
  writeFileSync(path, JSON.stringify({ vectors }));
}
