import type { Environment } from '@aegis/config';
import { type ErrorCode, PROBLEMS } from '@aegis/errors';
import { CACHE_CONTROL_EXTENSION, problemCodesIn, SESSION_SCHEME } from '@aegis/http';
import {
  type ApiDocument,
  type ApiResponse,
  type Header,
  type Operation,
  operationsOf,
  schemaReference,
} from './shape';

export const PROBLEM = 'application/problem+json';

const HEADERS: Readonly<Record<string, Header>> = {
  'X-Request-ID': {
    description: 'Id of the request: the one that came with it if valid, otherwise a new one.',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
  },
  'RateLimit-Policy': {
    description: 'The limits that count this request: `"default";q=100;w=60` is 100 in 60 seconds.',
    required: true,
    schema: { type: 'string' },
  },
  RateLimit: {
    description: 'The rest of these limits: `"default";r=99;t=60` is 99 within the next 60 seconds.',
    required: true,
    schema: { type: 'string' },
  },
  'X-RateLimit-Limit': { description: 'The tighter limit.', required: true, schema: { type: 'integer' } },
  'X-RateLimit-Remaining': {
    description: 'What is left of it.',
    required: true,
    schema: { type: 'integer' },
  },
  'X-RateLimit-Reset': {
    description: 'Seconds until the limit is full again.',
    required: true,
    schema: { type: 'integer' },
  },
  'Retry-After': {
    description: 'Seconds after which a retry makes sense.',
    required: true,
    schema: { type: 'integer' },
  },
  'WWW-Authenticate': {
    description: 'The scheme, and whether a credential was refused (RFC 6750).',
    required: true,
    schema: { type: 'string' },
  },
  'Cache-Control': cacheControlHeader('no-store'),
};
/** On every answer of the routes that declare them. */
const ALWAYS_ANSWERED = ['ETag', 'Location'];
const LIMIT_HEADERS = Object.keys(HEADERS).filter((name) => /^(X-)?RateLimit/.test(name));

/**
 * Adds to each operation what all share: headers, errors of body and framework, security.
 * @throws Error for a path parameter without a rule
 */
export function completeOperations(document: ApiDocument, environment: Environment): void {
  document.components.headers = { ...HEADERS };
  for (const { path, method, operation } of operationsOf(document)) {
    assertPathParametersDescribed(path, operation);
    addBodyProblems(operation);
    if (isChange(operation)) addProblem(operation, '503', 'outcome_unknown');
    if (takesCredential(operation)) addProblem(operation, '503', 'restore_not_reconciled');
    if (takesSession(operation)) addSessionProblems(method, operation);
    if (isPublic(operation)) dropForgiven(operation);
    // Without a body there is nothing to negotiate.
    if (!hasContent(operation)) delete operation.responses['406'];
    if (!environment.RATE_LIMIT_ENABLED) delete operation.responses['429'];
    describeProblems(operation);
    addHeaders(operation);
    describeAccess(operation);
  }
  shareProblems(document);
}

function assertPathParametersDescribed(path: string, operation: Operation): void {
  for (const { in: place, name, schema } of operation.parameters)
    if (place === 'path' && [schema.pattern, schema.format, schema.enum].every((rule) => rule === undefined))
      throw new Error(`{${name}} in ${path} has no rule: use @PathId(), or @ApiParam() with an enum`);
}

function addBodyProblems({ requestBody, responses }: Operation): void {
  if (requestBody === undefined) return;
  responses['413'] ??= problemResponse('payload_too_large');
  responses['415'] ??= problemResponse('unsupported_media_type');
}

/** Whether an operation changes something: those are safe to repeat by one of these headers. */
function isChange({ parameters }: Operation): boolean {
  return parameters.some(
    ({ in: place, name }) => place === 'header' && /^(Idempotency-Key|If-Match)$/i.test(name),
  );
}

/** Whether a credential is looked at: it may have been deleted after the moment that a database was restored to. */
function takesCredential({ security }: Operation): boolean {
  return security !== undefined && security.length > 0;
}

function takesSession({ security = [] }: Operation): boolean {
  return security.some((requirement) => SESSION_SCHEME in requirement);
}

/** A session can have ended, and changes something only for pages of our own. */
function addSessionProblems(method: string, operation: Operation): void {
  addProblem(operation, '401', 'session_ended');
  if (method.toUpperCase() !== 'GET') addProblem(operation, '403', 'origin_refused');
}

function addProblem({ responses }: Operation, status: string, code: ErrorCode): void {
  const { description } = problemResponse(code);
  const declared = responses[status];
  if (declared === undefined) responses[status] = problemResponse(code);
  else declared.description += ` · ${description}`;
}

/** @returns whether callers without a key are let in; an operation without any requirement looks at no credential */
function isPublic({ security = [] }: Operation): boolean {
  return security.length === 0 || security.some((requirement) => Object.keys(requirement).length === 0);
}

/**
 * A public operation ignores unknown parameters, so that without others nothing in its input can break a rule. What
 * a path enumerates is found or not (404).
 */
function dropForgiven({ parameters, requestBody, responses }: Operation): void {
  const hasInput =
    requestBody !== undefined ||
    parameters.some(({ in: place, schema }) => place !== 'header' && schema.enum === undefined);
  if (!hasInput) delete responses['422'];
}

function hasContent({ responses }: Operation): boolean {
  return Object.entries(responses).some(
    ([status, { content }]) => status.startsWith('2') && content !== undefined,
  );
}

function problemResponse(code: ErrorCode): ApiResponse {
  return {
    description: `\`${code}\`: ${PROBLEMS[code].title}`,
    content: { [PROBLEM]: { schema: { $ref: schemaReference('Problem') } } },
  };
}

/** Names the codes of each status, and shows each by an example. */
function describeProblems({ responses }: Operation): void {
  for (const [status, response] of Object.entries(responses)) {
    const media = response.content?.[PROBLEM];
    if (media === undefined) continue;
    const codes = new Set(problemCodesIn(response.description));
    // A method's further codes take the place of those that its controller declares.
    if (status === '422') codes.add('validation_failed');
    response.description = [...codes].map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join(' · ');
    media.examples = Object.fromEntries(
      [...codes].map((code) => [code, { $ref: `#/components/examples/${code}` }]),
    );
  }
}

function addHeaders(operation: Operation): void {
  const limited = operation.responses['429'] !== undefined;
  const cacheControl = operation[CACHE_CONTROL_EXTENSION] ?? (isPublic(operation) ? undefined : 'no-store');
  Reflect.deleteProperty(operation, CACHE_CONTROL_EXTENSION);
  for (const [status, response] of Object.entries(operation.responses)) {
    const problem = response.content?.[PROBLEM] !== undefined;
    const names = [
      'X-Request-ID',
      ...(limited ? LIMIT_HEADERS : []),
      ...(problem && (status === '429' || status === '503') ? ['Retry-After'] : []),
      ...(status === '401' ? ['WWW-Authenticate'] : []),
    ];
    if (problem) names.push('Cache-Control');
    for (const name of ALWAYS_ANSWERED) {
      const header = response.headers?.[name];
      if (header !== undefined && 'schema' in header) header.required = true;
    }
    response.headers = {
      ...Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
      ...(!problem &&
        typeof cacheControl === 'string' && { 'Cache-Control': cacheControlHeader(cacheControl) }),
      ...response.headers,
    };
    if (response.description === '') response.description = 'Done';
  }
}

function cacheControlHeader(directives: string): Header {
  return {
    description: 'What caches may do (RFC 9111).',
    required: true,
    schema: { type: 'string', enum: [directives] },
  };
}

/** Problems are answered alike by many operations: each is in the document once. */
function shareProblems(document: ApiDocument): void {
  const shared: Record<string, ApiResponse> = {};
  for (const { operation } of operationsOf(document)) {
    const limited = operation.responses['429'] !== undefined;
    for (const [status, response] of Object.entries(operation.responses)) {
      if (response.content?.[PROBLEM] === undefined) continue;
      const name = [...problemCodesIn(response.description), ...(limited ? [] : ['unlimited'])].join('.');
      shared[name] ??= response;
      operation.responses[status] = { $ref: `#/components/responses/${name}` } as unknown as ApiResponse;
    }
  }
  document.components.responses = shared;
}

/** Who may call an operation, for readers too; one without any requirement looks at no credential. */
function describeAccess(operation: Operation): void {
  const security = (operation.security ??= []);
  const scopes = [...new Set(security.flatMap((requirement) => Object.values(requirement).flat()))];
  const who =
    security.length === 0
      ? 'Public; credentials are ignored.'
      : security.some((requirement) => Object.keys(requirement).length === 0)
        ? 'Public; a credential that is sent must be valid.'
        : scopes.length === 0
          ? 'Any API key.'
          : `Scope: ${scopes.map((scope) => `\`${scope}\``).join(', ')}.`;
  operation.description = [operation.description, who].filter(Boolean).join('\n\n');
}
