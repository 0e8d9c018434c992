import { AttemptPlaces, MOST_OF_ENDPOINT, UNSIGNED_PAUSE_MS } from './places';

describe('an endpoint that nothing can be signed for', () => {
  it('gets no place for a while, and then as many as any', () => {
    let now = 0;
    const places = new AttemptPlaces(() => now);
    places.take('a');
    places.giveBack('a', false);
    places.pause('a');
    places.take('b');
    const none = { endpointId: 'a', most: 0, least: 0 };
    now = UNSIGNED_PAUSE_MS - 1;
    expect(places.free().named).toEqual([{ endpointId: 'b', most: MOST_OF_ENDPOINT - 1, least: 0 }, none]);
    now = UNSIGNED_PAUSE_MS;
    expect(places.free().named.map(({ endpointId }) => endpointId)).toEqual(['b']);
  });
});
