import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { appendFileSync } from 'node:fs';
import type { Answer } from './answer';
import {
  type Contract,
  contractFolder,
  type DeclaredAnswer,
  readContract,
  resolved,
  type Route,
  routesOf,
  type Schema,
} from './contract';

/** Answers that no operation gives: unknown routes and methods, paths that can't be decoded, refused callers. */
const OUTSIDE = [400, 401, 404, 405, 429, 431, 501, 503];

/**
 * Holds answers against the served document: status declared, headers there, body as its schema says and no field
 * more. What was reached is written into the run's folder.
 */
export class ContractCheck {
  private readonly ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
  private readonly validators = new Map<Schema, ValidateFunction>();
  private readonly reached = new Set<string>();
  private readonly routes: { matches: RegExp; route: Route }[];
  private readonly folder = contractFolder();

  constructor(private readonly contract: Contract) {
    // Times have milliseconds and are in UTC: RFC 3339 alone would allow more.
    this.ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    this.ajv.addSchema({ $id: 'contract', components: closed(contract.components) as object });
    this.routes = routesOf(contract)
      .map((route) => ({
        matches: new RegExp(`^${route.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`),
        route,
      }))
      // `/licenses/validate` is not a license's id.
      .sort((a, b) => Number(a.route.path.includes('{')) - Number(b.route.path.includes('{')));
  }

  /** @throws Error naming all that the document does not allow */
  check(method: string, path: string, answer: Answer): void {
    const problems = this.problemsOf(
      method,
      path.replace(/^https?:\/\/[^/]*/, '').split('?', 1)[0] ?? path,
      answer,
    );
    if (problems.length > 0)
      throw new Error(
        [`${method} ${path} breaks the contract:`, ...problems, JSON.stringify(answer.body)].join('\n'),
      );
  }

  private problemsOf(method: string, path: string, answer: Answer): string[] {
    const route = this.routeOf(method, path);
    if (route === undefined) return this.problemsOutside(answer, method === 'HEAD');
    const declared = route.operation.responses[String(answer.status)];
    if (declared === undefined) return [`status ${answer.status} is not declared`];
    this.note(`${route.operation.operationId} ${answer.status}`);
    return this.problemsWith(resolved(this.contract, declared), answer, method === 'HEAD');
  }

  /** The operation that a request gets to, if any. */
  routeOf(method: string, path: string): Route | undefined {
    const here = this.routes.filter(({ matches }) => matches.test(path)).map(({ route }) => route);
    const wanted = method === 'HEAD' ? 'GET' : method;
    return here.find((route) => route.path === here[0]?.path && route.method === wanted);
  }

  private problemsOutside(answer: Answer, headOnly: boolean): string[] {
    if (answer.status === 204 && answer.headers.has('access-control-allow-methods')) return [];
    if (!OUTSIDE.includes(answer.status)) return [`status ${answer.status} where there is no operation`];
    return [
      ...(answer.headers.has('x-request-id') ? [] : ['header X-Request-ID is missing']),
      ...(answer.status !== 405 || answer.headers.has('allow') ? [] : ['header Allow is missing']),
      ...(headOnly ? [] : this.problemsOfProblem(answer)),
    ];
  }

  /** What a problem document breaks, no matter who answered it and to what. */
  problemsOfProblem(answer: Answer): string[] {
    const schema = { $ref: '#/components/schemas/Problem' };
    return this.problemsOfBody({ 'application/problem+json': { schema } }, answer);
  }

  private problemsWith(declared: DeclaredAnswer, answer: Answer, headOnly: boolean): string[] {
    const problems = Object.entries(declared.headers ?? {}).flatMap(([name, header]) => {
      const { required = false, schema } = resolved(this.contract, header);
      const text = answer.headers.get(name);
      if (text === null) return required ? [`header ${name} is missing`] : [];
      const value = schema.type === 'integer' ? Number(text) : text;
      return this.violations(schema, value).map((rule) => `header ${name}${rule}`);
    });
    if (headOnly) return problems;
    if (declared.content !== undefined)
      return [...problems, ...this.problemsOfBody(declared.content, answer)];
    return answer.body === '' ? problems : [...problems, 'there is a body'];
  }

  private problemsOfBody(content: NonNullable<DeclaredAnswer['content']>, answer: Answer): string[] {
    const type = (answer.headers.get('content-type') ?? 'none').split(';', 1)[0] ?? '';
    const media = content[type];
    if (media === undefined) return [`media type ${type} is not declared`];
    return this.violations(media.schema, answer.body).map((rule) => `body${rule}`);
  }

  private violations(schema: Schema, value: unknown): string[] {
    let validate = this.validators.get(schema);
    if (validate === undefined) {
      const absolute = JSON.stringify(closed(schema)).replaceAll('"#/components/', '"contract#/components/');
      this.validators.set(schema, (validate = this.ajv.compile(JSON.parse(absolute) as object)));
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = '', params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  private note(line: string): void {
    if (this.folder === undefined || this.reached.has(line)) return;
    this.reached.add(line);
    appendFileSync(`${this.folder}/reached`, `${line}\n`);
  }
}

/** The same schema, in which an object has no fields but those that are declared. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  const isObject = 'properties' in copy && copy.type === 'object';
  return isObject && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}

let check: ContractCheck | undefined;

function theCheck(): ContractCheck {
  return (check ??= new ContractCheck(readContract()));
}

/** @returns what an error breaks of the form that all errors have */
export function problemsOfError(answer: Answer): string[] {
  return theCheck().problemsOfProblem(answer);
}

/** Holds an answer against the contract, where the run has one. */
export function checkAgainstContract(method: string, path: string, answer: Answer): void {
  if (contractFolder() === undefined) return;
  theCheck().check(method, path, answer);
}
