import type { KMSClient } from '@aws-sdk/client-kms';
import { pipeline, Readable, Transform } from 'node:stream';
import { RemoteFailure } from './remote-failure';

/**
 * Bounds what a client of the AWS SDK reads of an answer, which it collects and parses whatever its length.
 * A longer one fails the command with `RemoteFailure`, and its connection is closed.
 * @param longestBytes of an answer's body
 */
export function boundAnswers(client: KMSClient, longestBytes: number): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { body?: unknown };
      if (response.body instanceof Readable) response.body = bounded(response.body, longestBytes);
      return result;
    },
    // Before the SDK reads the body: the lowest priority is the nearest to the connection.
    { name: 'boundAnswers', step: 'deserialize', priority: 'low' },
  );
}

function bounded(body: Readable, longestBytes: number): Readable {
  let bytes = 0;
  const bound = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > longestBytes) done(new RemoteFailure('The answer is longer than any that was expected.'));
      else done(null, chunk);
    },
  });
  // The reader of `bound` gets its error.
  pipeline(body, bound, () => undefined);
  return bound;
}
