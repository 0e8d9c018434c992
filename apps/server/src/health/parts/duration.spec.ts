import { duration } from './duration';

describe('a time for people', () => {
  it.each([
    [-3, '0 s'],
    [0.9, '0 s'],
    [119.9, '119 s'],
    [120, '2 min'],
    [7199, '119 min'],
    [7200, '2 h'],
    [172_799, '47 h'],
    [172_800, '2 d'],
  ])('of %s s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
