import { currentRequest, type RequestContext, runInRequest } from '@aegis/logging';
import { LatestRead } from './latest-read';

const request: RequestContext = {
  requestId: 'asks first',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: null,
  ip: null,
  userAgent: null,
  apiKeyId: null,
  accessFields: null,
};

it('reads once for all callers of the same time, outside the context of any request', async () => {
  const seen: (string | undefined)[] = [];
  const reading = new LatestRead(async () => {
    seen.push(currentRequest()?.requestId);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(currentRequest()?.requestId);
  });
  await runInRequest(request, () => Promise.all([reading.ask(), reading.ask()]));
  expect(seen).toEqual([undefined, undefined]);
});
