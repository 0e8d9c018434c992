import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Public } from '../callers/route-access';
import { answerBody } from '../answers/answer-body';
import { RespondsAsIs } from '../answers/responds';
import { startTestApp, type TestApp } from '../http-app.fixture';

let handled: { request: object; response: object } | undefined;

@Controller()
class ShowController {
  @Get('show')
  @Public()
  @RespondsAsIs('text/plain')
  show(@Req() request: Request, @Res({ passthrough: true }) response: Response): string {
    handled = { request: prototypeOf(request), response: prototypeOf(response) };
    return `${request.path} ${request.app === response.app}`;
  }
}

describe('HttpAdapter', () => {
  let testApp: TestApp;
  beforeAll(async () => (testApp = await startTestApp([ShowController])));
  afterAll(() => testApp.app.close());

  it('gives each request and response, from the start, the prototype that Express would give it later', async () => {
    let born: typeof handled;
    testApp.app
      .getHttpServer()
      .prependOnceListener('request', (request: IncomingMessage, response: ServerResponse) => {
        born = { request: prototypeOf(request), response: prototypeOf(response) };
      });

    const answer = await fetch(`${testApp.url}/show`);

    expect(await answer.text()).toBe('/show true');
    expect(born).toBeDefined();
    expect(born?.request).toBe(handled?.request);
    expect(born?.response).toBe(handled?.response);
  });
});

describe('answerBody', () => {
  it('sends no body for a request whose route no guard has found', () => {
    const [request, response] = [{}, {}] as [Request, Response];
    expect(() => answerBody(request, response, { key_hash: 'canary' })).toThrow('passed no guard');
  });
});

function prototypeOf(one: object): object {
  return Object.getPrototypeOf(one) as object;
}
