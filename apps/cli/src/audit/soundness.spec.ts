import { exitCodeOf, soundness } from './soundness';

describe('soundness', () => {
  it.each([
    ['nothing was found', 0, 0, true, 0, false],
    ['something does not hold', 2, 0, false, 1, false],
    ['some cannot be determined, and something is not valid', 3, 2, false, 1, false],
    ['nothing that was found can be determined', 2, 2, null, 3, false],
    ['there was nothing to compare with, and nothing was found', 0, 0, null, 3, true],
    ['there was nothing to compare with, and something was found', 1, 0, false, 1, true],
  ])('agrees with the exit code: %s', (_, findings, undetermined, sound, exitCode, nothingCompared) => {
    expect(soundness({ findings, undetermined, nothingCompared })).toBe(sound);
    expect(exitCodeOf(sound)).toBe(exitCode);
  });
});
