/** JSON Schema as OpenAPI 3.1 takes it, as far as it is used here. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  default?: unknown;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  discriminator?: { propertyName: string; mapping: Record<string, string> };
  const?: unknown;
  additionalProperties?: boolean | Schema;
  minProperties?: number;
  maxProperties?: number;
  /** OpenAPI 3.0 alone. */
  nullable?: boolean;
  /** OpenAPI 3.0 alone. */
  example?: unknown;
}

export interface MediaType {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { summary?: string; value: unknown } | { $ref: string }>;
}

export interface Header {
  description: string;
  required?: boolean;
  schema: Schema;
}

export interface ApiResponse {
  description: string;
  headers?: Record<string, Header | { $ref: string }>;
  content?: Record<string, MediaType>;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  example?: unknown;
  schema: Schema;
}

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, MediaType> };
  responses: Record<string, ApiResponse>;
  security?: Record<string, string[]>[];
  [extension: `x-${string}`]: unknown;
}

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** An OpenAPI 3.1 document, as far as it is used here. */
export interface ApiDocument {
  openapi: string;
  info: {
    title: string;
    version: string;
    contact: { email?: string };
    license?: { name: string; identifier: string };
  };
  paths: Record<string, Partial<Record<(typeof METHODS)[number], Operation>>>;
  /** What the server sends, by name. */
  webhooks?: Record<string, { post: Operation }>;
  components: {
    schemas: Record<string, Schema>;
    headers?: Record<string, Header>;
    responses?: Record<string, ApiResponse>;
    parameters?: Record<string, Parameter>;
    examples?: Record<string, { summary: string; value: unknown }>;
  };
}

/** Every operation of a document, with its path. */
export function operationsOf(
  document: ApiDocument,
): { path: string; method: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );
}

const SCHEMAS = '#/components/schemas/';

export function schemaReference(name: string): string {
  return SCHEMAS + name;
}

/** Name of the component that a `$ref` leads to. */
export function referencedName(reference: string): string {
  return reference.slice(SCHEMAS.length);
}
