import { offlineAnswer } from './answers';
import type { RandomQuestion } from './random-questions';
import type { Vector, VectorAnswer } from './read-vectors';

/** A question with the answer of the library. */
export async function asked(question: RandomQuestion): Promise<Vector> {
  const vector = { ...question, id: 'random', description: '', expect: {} as VectorAnswer };
  return { ...vector, expect: await offlineAnswer(vector) };
}
