import fc from 'fast-check';
import { asked } from '../../support/vectors/asked';
import { hasPython, pythonAnswers } from '../../support/vectors/client-answers';
import { randomQuestion } from '../../support/vectors/random-questions';

const RUNS = 500;
// Under CI a missing tool is a failure, not a reason to skip.
const pythonIt = hasPython || process.env.CI === 'true' ? it : it.skip;
const because = hasPython ? '' : ' (Debian package python3-cryptography is needed)';

pythonIt(`the Python client gives the verdict of the library to 500 random questions${because}`, async () => {
  const questions = fc.sample(randomQuestion, RUNS);
  const expected = await Promise.all(questions.map(async (question) => (await asked(question)).expect));
  const answers = pythonAnswers(questions);
  expect(answers).toHaveLength(RUNS);
  const differ = questions
    .map((question, at) => ({ question, python: answers[at], library: expected[at] }))
    .filter(({ python, library }) => sorted(python) !== sorted(library));
  expect(differ).toEqual([]);
});

/** As JSON, in which `true` is not `1`, and the order of members does not matter. */
function sorted(answer: unknown): string {
  return JSON.stringify(answer, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}
