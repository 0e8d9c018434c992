import { readFileSync } from 'node:fs';

/** JSON Schema, as far as tests look into it. */
export interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  [keyword: string]: unknown;
}

export interface DeclaredAnswer {
  $ref?: string;
  description: string;
  headers?: Record<string, { $ref?: string; required?: boolean; schema: Schema }>;
  content?: Record<string, { schema: Schema; example?: unknown; examples?: Record<string, unknown> }>;
}

export interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: Schema;
}

export interface Operation {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> };
  responses: Record<string, DeclaredAnswer>;
  security: Record<string, string[]>[];
}

/** The OpenAPI document that the compiled server serves, as far as tests look into it. */
export interface Contract {
  openapi: string;
  info: { title: string; version: string };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Operation }>;
  components: Record<string, Record<string, Schema>> & {
    responses: Record<string, DeclaredAnswer>;
    headers: Record<string, { required?: boolean; schema: Schema }>;
  };
}

/** Where the run keeps the document and what was reached of it; undefined where dist is older than the sources. */
export function contractFolder(): string | undefined {
  return process.env.AEGIS_TEST_CONTRACT;
}

/**
 * Reads the document that the compiled server served at the beginning of the run.
 * @throws Error when there is none
 */
export function readContract(): Contract {
  const folder = contractFolder();
  if (folder === undefined)
    throw new Error('dist is older than the sources: run `npm run build`, or the tests by `npm test`');
  return JSON.parse(readFileSync(`${folder}/openapi.json`, 'utf8')) as Contract;
}

/** One operation with where it is. */
export interface Route {
  method: string;
  path: string;
  operation: Operation;
}

export function routesOf(contract: Contract): Route[] {
  return Object.entries(contract.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** What a `$ref` leads to, or the object itself. */
export function resolved<T extends { $ref?: string }>(contract: Contract, value: T): T {
  if (value.$ref === undefined) return value;
  const [, , kind = '', name = ''] = value.$ref.split('/');
  return contract.components[kind]?.[name] as unknown as T;
}
