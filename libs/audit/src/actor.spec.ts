import { runInRequest } from '@aegis/logging';
import { userInfo } from 'node:os';
import { callingActor, commandLineActor } from './actor';

const REQUEST = {
  requestId: 'request-1',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: null,
  ip: '203.0.113.7',
  userAgent: 'shop/2.1',
  apiKeyId: 'abc',
  accessFields: null,
};

describe('an actor', () => {
  it('is the API key of the request', () => {
    expect(runInRequest(REQUEST, callingActor)).toEqual({
      name: 'api_key:abc',
      apiKeyId: 'abc',
      ipAddress: '203.0.113.7',
      userAgent: 'shop/2.1',
      requestId: 'request-1',
    });
  });

  it('is anonymous for a caller without an API key, whose address is known', () => {
    expect(runInRequest({ ...REQUEST, apiKeyId: null }, callingActor)).toMatchObject({
      name: 'anonymous',
      apiKeyId: null,
      ipAddress: '203.0.113.7',
      requestId: 'request-1',
    });
  });

  it('is the system outside of a request', () => {
    expect(callingActor()).toEqual({
      name: 'system',
      apiKeyId: null,
      ipAddress: null,
      userAgent: null,
      requestId: null,
    });
  });

  it('is the user at the command line', () => {
    expect(commandLineActor()).toMatchObject({ name: `cli:${userInfo().username}`, apiKeyId: null });
  });
});
