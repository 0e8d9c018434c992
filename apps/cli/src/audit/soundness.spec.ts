import { exitCodeOf, soundness } from './soundness';

describe('soundness', () => {
  it.each([
    ['nothing was found', 0, 0, true, 0],
    ['something does not hold', 2, 0, false, 1],
    ['some can not be told, and something does not hold', 3, 2, false, 1],
    ['all that was found can not be told', 2, 2, null, 3],
  ])('says what the exit code says: %s', (_, findings, undetermined, sound, exitCode) => {
    expect(soundness({ findings, undetermined })).toBe(sound);
    expect(exitCodeOf(sound)).toBe(exitCode);
  });
});
