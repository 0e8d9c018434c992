import { ExpressAdapter } from '@nestjs/platform-express';
import type { Application } from 'express';
import { createServer, IncomingMessage, type ServerOptions, ServerResponse } from 'node:http';

/**
 * Express over a server whose requests and responses have Express' prototypes from the start. Express gives each of
 * them its prototype by `Object.setPrototypeOf` otherwise, after which V8 treats every one as of a kind of its own:
 * that cost half of a request (docs/adr/0024).
 */
export class HttpAdapter extends ExpressAdapter {
  /** @param serverOptions of Node's server */
  constructor(private readonly serverOptions: ServerOptions) {
    super();
  }

  override initHttpServer(): void {
    const application = this.getInstance<Application & Prototypes>();
    this.httpServer = createServer({ ...this.serverOptions, ...typesOf(application) }, application);
  }
}

/** What Express' types leave out: the prototypes that it gives each request and response. */
interface Prototypes {
  request: object;
  response: object;
}

/** What Node is to make so that Express finds the prototypes that it would set. */
function typesOf(application: Prototypes): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class Request extends IncomingMessage {}
  class Response<Asked extends IncomingMessage> extends ServerResponse<Asked> {}
  Object.setPrototypeOf(Request.prototype, application.request);
  Object.setPrototypeOf(Response.prototype, application.response);
  application.request = Request.prototype;
  application.response = Response.prototype;
  return { IncomingMessage: Request, ServerResponse: Response };
}
