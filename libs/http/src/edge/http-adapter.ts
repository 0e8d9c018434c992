import { StreamableFile } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Application, Request, Response } from 'express';
import { createServer, type ServerOptions } from 'node:http';
import { answerBody, NOT_MODIFIED } from '../answers/answer-body';
import { jsonAnswer } from '../answers/json-answer';
import { sendNotModified, sendWhole } from '../answers/whole-answer';
import { expressClasses } from '../framework-internals';
import { workOn } from './load-shedding';

/**
 * A step between Node's server and Express.
 * @param serve hands the request to Express
 */
export type Admission = (request: Request, response: Response, serve: () => void) => void;

/**
 * Express over a server whose requests and responses have Express' prototypes from the start; it gives every answer
 * the form that its handler declares. Both avoid objects that change after they were made, which are slow in V8
 * (docs/adr/0024): Express would set the two prototypes with `Object.setPrototypeOf` for each request, and Nest's
 * interceptors would define properties of a new function for each request.
 */
export class HttpAdapter extends ExpressAdapter {
  private admission: Admission = (_request, _response, serve) => {
    serve();
  };

  /** @param serverOptions of Node's server */
  constructor(private readonly serverOptions: ServerOptions) {
    super();
  }

  /** Decides from now on which requests Express gets, and when. */
  admitBy(admission: Admission): void {
    this.admission = admission;
  }

  override initHttpServer(): void {
    const application = this.getInstance<Application>();
    this.httpServer = createServer(
      { ...this.serverOptions, ...expressClasses(application) },
      (request, response) => {
        this.admission(request as Request, response as Response, () => {
          application(request, response);
        });
      },
    );
  }

  /** @param result what the handler returned */
  override reply(response: Response, result: unknown, status?: number): unknown {
    const body = answerBody(response.req, response, result);
    if (body instanceof StreamableFile) {
      // It goes as fast as its reader takes it, and ends no sooner.
      workOn(response.req)?.pause();
      return super.reply(response, body, status) as unknown;
    }
    if (status !== undefined) response.statusCode = status;
    if (body === NOT_MODIFIED) sendNotModified(response);
    else sendWhole(response, isAsItIs(body) ? body : jsonAnswer(body));
    return undefined;
  }
}

/** Whether a body is sent as it is: texts, tokens among them, and bytes. Everything else is JSON. */
function isAsItIs(body: unknown): body is string | Buffer | undefined {
  return body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
}
