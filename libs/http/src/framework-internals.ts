/**
 * Everything of Nest, Express, Node and class-transformer that we use although it is not documented, in one place:
 * `framework-internals.spec.ts` says which of it an upgrade broke. (That of the database's driver is in libs/database.)
 */
import { isOpaque } from './answers/opaque';
import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { TransformationType } from 'class-transformer';
import type { TransformMetadata, TypeMetadata } from 'class-transformer/types/interfaces';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage';
import type { Application } from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** An argument of a handler that a decorator asks for. */
export interface HandlerArgument {
  readonly index: number;
  /** Whether it is the body. */
  readonly isBody: boolean;
  /** Whether it is the query, or one parameter of it. */
  readonly isQuery: boolean;
}

/** What `@Body()` and `@Query()` have in Nest's list of kinds (`RouteParamtypes`). */
const BODY = '3';
const QUERY = '4';

/**
 * The arguments of a handler that decorators have asked for so far (Nest).
 * @param controller the class
 * @param name of the method
 */
export function argumentsOf(controller: object, name: string | symbol): HandlerArgument[] {
  const kept = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
    string,
    { index: number }
  >;
  return Object.entries(kept).map(([key, { index }]) => {
    const [kind] = key.split(':');
    return { index, isBody: kind === BODY, isQuery: kind === QUERY };
  });
}

/** Whether a method serves a route: `@Get()` and the like have given it a path (Nest). */
export function servesRoute(method: object): boolean {
  return Reflect.hasMetadata(PATH_METADATA, method);
}

/** The path that a method serves, with its controller's in front, e.g. `/api/v1/licenses/:id`. */
export function declaredPath(controller: object, method: object): string {
  const parts = [controller, method].map((part) => String(Reflect.getMetadata(PATH_METADATA, part) ?? ''));
  return `/${parts.join('/')}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

/** The method of HTTP that a method serves, in lower case. */
export function declaredMethod(method: object): string {
  const value = Reflect.getMetadata(METHOD_METADATA, method) as RequestMethod;
  return RequestMethod[value].toLowerCase();
}

/** A route as Express knows it. */
export interface ExpressRoute {
  /** As it was declared. */
  readonly path: unknown;
  /** By method in lower case. */
  readonly methods: Readonly<Record<string, boolean>>;
  /** @throws when a parameter of the path is not percent-encoded UTF-8 */
  matches(path: string): boolean;
}

/** The routes of an application, in the order in which Express tries them. */
export function routesOf(application: Application): ExpressRoute[] {
  const { stack } = application.router as unknown as {
    stack: readonly {
      match(path: string): unknown;
      route?: Pick<ExpressRoute, 'path' | 'methods'>;
    }[];
  };
  return stack.flatMap((layer) =>
    layer.route === undefined
      ? []
      : [
          {
            path: layer.route.path,
            methods: layer.route.methods,
            matches: (path: string) => Boolean(layer.match(path)),
          },
        ],
  );
}

/**
 * Makes an application compare paths letter by letter. For a router that exists already, for which Express' setting
 * `case sensitive routing` comes too late; routes that are registered later obey it.
 * @throws Error when the application has no router of Express 5
 */
export function distinguishCase(application: Application): void {
  const { router } = application as unknown as { router?: { caseSensitive?: boolean } };
  if (router === undefined) throw new Error('the application has no router of Express 5');
  router.caseSensitive = true;
}

/**
 * Classes of requests and responses that have Express' prototypes from the start; Express would give each object its
 * prototype by `Object.setPrototypeOf`, which is slow (docs/adr/0024).
 * @param application uses them from now on
 */
export function expressClasses(application: Application): {
  IncomingMessage: typeof IncomingMessage;
  ServerResponse: typeof ServerResponse;
} {
  const prototypes = application as Application & { request: object; response: object };
  class Request extends IncomingMessage {}
  class Response<Asked extends IncomingMessage> extends ServerResponse<Asked> {}
  Object.setPrototypeOf(Request.prototype, prototypes.request);
  Object.setPrototypeOf(Response.prototype, prototypes.response);
  prototypes.request = Request.prototype;
  prototypes.response = Response.prototype;
  return { IncomingMessage: Request, ServerResponse: Response };
}

/** The response that Node writes to a connection now; the others wait. */
export function responseInProgress(connection: Duplex): ServerResponse | undefined {
  return (connection as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

/** Makes a response whose headers are not sent yet the last one of its connection (Node). */
export function closeAfter(response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

/** Makes Node end a connection by destroying it at once, where it would first write out what is left. */
export function neverEndInOrder(connection: Socket): void {
  connection.destroySoon = () => {
    connection.destroy();
  };
}

/** An exposed field of a DTO that class-transformer does not rename. */
export interface PlainField {
  name: string;
  /** The DTO of the object that it holds; undefined for a plain value. */
  holds?: Type<object>;
  /** What its `@Transform()` makes of a plain value; undefined for a value that stays as it is. */
  made?: (value: unknown, object: object) => unknown;
  /** Handed on as it is, whatever it holds. */
  isOpaque?: true;
}

/**
 * The exposed fields of a DTO that class-transformer does not rename.
 * @returns undefined for a DTO with other fields: renamed, with options, or both held and changed
 */
export function plainFieldsOf(type: Type<object>): PlainField[] | undefined {
  const fields: PlainField[] = [];
  for (const name of defaultMetadataStorage.getExposedProperties(type, TransformationType.PLAIN_TO_CLASS)) {
    const field = plainFieldOf(type, name);
    if (field === undefined) return undefined;
    fields.push(field);
  }
  return fields;
}

function plainFieldOf(type: Type<object>, name: string): PlainField | undefined {
  const storage = defaultMetadataStorage;
  if (isOpaque(type, name)) return { name, isOpaque: true };
  const [transform, ...others] = storage.findTransformMetadatas(
    type,
    name,
    TransformationType.PLAIN_TO_CLASS,
  );
  const held = typeOf(type, name);
  const options = [storage.findExposeMetadata(type, name).options, held?.options, transform?.options];
  const isPlain = options.every((given) => Object.keys(given ?? {}).length === 0) && others.length === 0;
  if (!isPlain || (held && transform)) return undefined;
  if (held) return { name, holds: held.typeFunction() as Type<object> };
  if (transform) return { name, made: (value, object) => transformed(transform, name, value, object) };
  return { name };
}

function transformed({ transformFn }: TransformMetadata, key: string, value: unknown, obj: object): unknown {
  return transformFn({ value, key, obj, type: TransformationType.PLAIN_TO_CLASS, options: {} });
}

/** What `@Type()` says of a field; its declared type leaves out that most fields have none. */
function typeOf(type: Type<object>, field: string): TypeMetadata | undefined {
  return defaultMetadataStorage.findTypeMetadata(type, field);
}
