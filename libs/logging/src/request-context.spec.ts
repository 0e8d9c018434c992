import { setTimeout as pause } from 'node:timers/promises';
import { currentRequest, type RequestContext, runInRequest } from './request-context';

const context = (requestId: string): RequestContext => ({
  requestId,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: null,
  ip: null,
  userAgent: null,
  apiKeyId: null,
  accessFields: null,
});

describe('the request that is served', () => {
  it('is undefined outside of one', () => {
    expect(currentRequest()).toBeUndefined();
  });

  it('is known to all work for it, and to no other work', async () => {
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        runInRequest(context(`request-${index}`), async () => {
          await pause((index * 7) % 5);
          const early = currentRequest()?.requestId;
          await new Promise((resolve) => setImmediate(resolve));
          return [early, currentRequest()?.requestId];
        }),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => [`request-${index}`, `request-${index}`]));
    expect(currentRequest()).toBeUndefined();
  });
});
