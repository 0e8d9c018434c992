import { Environment } from '@aegis/config';
import { PROBLEMS, type DomainError } from '@aegis/errors';
import { addAccessFields, currentRequest, Logger } from '@aegis/logging';
import { Catch, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { allowedMethods } from '../edge/allowed-methods';
import { cutOff } from '../edge/cut-off';
import { hasCredential, credentialOf, Identification, identifyOnce } from '../callers/identification';
import { jsonAnswer } from '../answers/json-answer';
import { brokenFields } from './broken-fields';
import { PROBLEM_MEDIA_TYPE, problemDocument } from './problem-document';
import { RateLimiter } from '../limits/rate-limiter';
import { factsOf } from '../edge/request-facts';
import { refusalByStatus, refusalOf } from './refusals';

/** Headers that were set before the handler failed, for an answer that is not sent. */
const FORGOTTEN_HEADERS = ['ETag', 'Location', 'Last-Modified', 'Content-Disposition', 'Content-Encoding'];

/** Makes a problem document (RFC 9457) of everything that is thrown while a request is served. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly environment: Environment,
    private readonly logger: Logger,
    private readonly limiter: RateLimiter,
    private readonly identification: Identification,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    if (factsOf(request).counted) this.answer(thrown, request, response);
    else void this.countAndAnswer(thrown, request, response);
  }

  /**
   * What failed before it was counted: unknown routes and methods, paths that can't be decoded, requests about activations
   * that are of no installation.
   */
  private async countAndAnswer(thrown: unknown, request: Request, response: Response): Promise<void> {
    let answer = thrown;
    try {
      if (hasCredential(request)) await identifyOnce(this.identification, request);
      const isOfActivation = factsOf(request).route?.access?.group === 'activations';
      await this.limiter.count(request, response, isOfActivation ? 'public' : 'default');
    } catch (refused) {
      answer = refused;
    }
    this.answer(answer, request, response);
  }

  private answer(thrown: unknown, request: Request, response: Response): void {
    const refusal = this.refusalFor(thrown, request, response);
    const { status } = PROBLEMS[refusal.code];
    const fields = brokenFields(refusal.errors, factsOf(request).route?.fields);
    addAccessFields({ problem: refusal.code, ...(fields !== undefined && { fields }) });
    this.log(status, thrown, refusal);
    if (response.headersSent) {
      // Half an answer must not look complete.
      cutOff(response);
      return;
    }
    for (const name of FORGOTTEN_HEADERS) response.removeHeader(name);
    const document = problemDocument(refusal, this.environment.PUBLIC_URL, {
      url: request.originalUrl,
      id: currentRequest()?.requestId ?? '',
    });
    if (refusal.retryAfterSeconds !== undefined)
      response.setHeader('Retry-After', Math.max(1, Math.ceil(refusal.retryAfterSeconds)));
    // What is left of the body is not waited for.
    if (status === 408) response.setHeader('Connection', 'close');
    if (status === 401) response.setHeader('WWW-Authenticate', challenge(request));
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Content-Type', PROBLEM_MEDIA_TYPE);
    response.statusCode = status;
    response.end(jsonAnswer(document));
  }

  private refusalFor(thrown: unknown, request: Request, response: Response): DomainError {
    if (!(thrown instanceof NotFoundException)) return refusalOf(thrown);
    const methods = allowedMethods(request.app, request.path);
    if (methods.length === 0 || methods.includes(request.method)) return refusalByStatus(404);
    response.setHeader('Allow', methods.join(', '));
    return refusalByStatus(405);
  }

  private log(status: number, thrown: unknown, refusal: DomainError): void {
    // A request with 501 is the caller's to correct, as one with 4xx.
    if (status < 500 || status === 501) return;
    this.logger.write(status === 500 ? 'error' : 'warn', 'Request failed', {
      code: refusal.code,
      error:
        thrown instanceof Error
          ? thrown
          : new Error(`A value was thrown that is not an error: ${typeof thrown}`),
    });
  }
}

/** RFC 6750 section 3: `error` only where a credential was presented. */
function challenge(request: Request): string {
  const refused = ['refused', 'key'].includes(credentialOf(request).kind);
  return `Bearer realm="aegis"${refused ? ', error="invalid_token"' : ''}`;
}
