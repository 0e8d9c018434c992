import { LimitEscalation } from './api-keys.errors';
import { assertWithin, type KeyHolder } from './key-holder';

const DEFAULT_LIMIT = 100;

describe('the rate limit of a key that a holder without admin makes or changes', () => {
  const holder = (limit: number | null): KeyHolder => ({
    scopes: ['api-keys:manage'],
    expires_at: null,
    rate_limit_per_minute: limit,
    hasCurrentSecret: true,
  });
  const set = (own: number | null, after: number | null) => () => {
    assertWithin(holder(own), { ...holder(after), rate_limit_per_minute: after }, DEFAULT_LIMIT);
  };

  it.each([
    [null, null],
    [null, 100],
    [null, 1],
    [20, 20],
    [20, 5],
    [500, 500],
  ])('is accepted: the holder has %p, the key gets %p', (own, after) => {
    expect(set(own, after)).not.toThrow();
  });

  // Without a limit of its own a key has several of the server's, one for each group of routes.
  it.each([
    [100, null],
    [500, null],
    [20, null],
    [20, 21],
    [null, 101],
  ])('is refused: the holder has %p, the key gets %p', (own, after) => {
    expect(set(own, after)).toThrow(LimitEscalation);
  });
});
