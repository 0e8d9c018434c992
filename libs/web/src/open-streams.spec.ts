import { OpenStreams } from './open-streams';

describe('lists that are being streamed', () => {
  it('are at most 4 per caller, and one more when one of them ends', () => {
    const streams = new OpenStreams();
    const [first] = Array.from({ length: 4 }, () => streams.open('one'));
    expect(() => streams.open('one')).toThrow(
      expect.objectContaining({ code: 'rate_limited', retryAfterSeconds: 5 }),
    );
    streams.open('other');
    first!();
    // Ending twice counts once.
    first!();
    streams.open('one');
    expect(() => streams.open('one')).toThrow(/4 lists/);
  });

  it('are at most 32 in all', () => {
    const streams = new OpenStreams();
    const ends = Array.from({ length: 32 }, (_, index) => streams.open(`caller ${index}`));
    expect(() => streams.open('another')).toThrow(/Too many lists/);
    ends.forEach((end) => {
      end();
    });
    expect(() => streams.open('another')).not.toThrow();
  });
});
