import type { Environment } from '@aegis/config';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems';
import type { Scope } from '@aegis/access';

/**
 * Which limit counts a route's requests; `exempt` ones are not counted. Those of `activations` are counted by the handler,
 * once it knows that they are of an installation (`RateLimiter.chargeAdmission`, `chargeActivation`); what fails before
 * counts against the address, as `public` does.
 */
export type RateLimitGroup = 'default' | 'validate' | 'public' | 'activations' | 'exempt';

/** Who may call a route, as its decorator declares. */
export type Access = {
  readonly group: RateLimitGroup;
  /** A credential is not even looked at: health routes answer while keys can't be checked. */
  readonly ignoreCredentials: boolean;
} & (
  | { readonly kind: 'scopes'; readonly scopes: readonly Scope[] }
  | {
      readonly kind: 'any-key';
      /** Whether a session, too, is a key. */
      readonly sessions: boolean;
    }
  | {
      readonly kind: 'public';
      /** Whether pages of every origin may read its answers: installations call it, and no credential counts but a license. */
      readonly anyOrigin: boolean;
      /** The scope that a setting asks for where it closes the route, or undefined while it is open. */
      readonly unless?: (environment: Environment) => Scope | undefined;
    }
);

/** Exceptions of a public route. */
export interface PublicOptions {
  group?: 'public' | 'validate' | 'activations' | 'exempt';
  ignoreCredentials?: boolean;
  anyOrigin?: boolean;
  unless?: (environment: Environment) => Scope | undefined;
}

const ACCESS = 'aegis:access';

/**
 * Whether a route ignores what carries no meaning: unknown query parameters, an `Accept` that it can't serve, a byte
 * order mark. Callers of public routes and probes (installations, monitors, proxies) can't be changed; administrators
 * want to hear of their typing errors.
 */
export function isForgiving(access: Access | undefined): boolean {
  return access?.kind === 'public';
}

/** Security schemes of the OpenAPI document: a session needs both at once. */
export const SESSION_SCHEME = 'session';
export const CONSOLE_SCHEME = 'console';

/** The key may come in either header. */
function ApiKeyWith(...scopes: Scope[]): ClassDecorator & MethodDecorator {
  return applyDecorators(ApiSecurity('api_key', scopes), ApiSecurity('bearer', scopes));
}

/** The key in either header, or one of its sessions. */
function CallerWith(...scopes: Scope[]): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ApiKeyWith(...scopes),
    ApiSecurity({ [SESSION_SCHEME]: scopes, [CONSOLE_SCHEME]: scopes }),
  );
}

function closed(access: Access, ...scopes: Scope[]): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, access),
    access.kind === 'any-key' && !access.sessions ? ApiKeyWith() : CallerWith(...scopes),
    ApiProblems(
      'invalid_request',
      'unauthorized',
      ...(scopes.length > 0 ? (['insufficient_scope'] as const) : []),
      'not_acceptable',
      'validation_failed',
      'rate_limited',
      'internal_error',
      'service_unavailable',
    ),
  );
}

/**
 * Closes a route to callers whose API key lacks one of these scopes (401 without a key, 403 without a scope).
 * @param scopes all of them are needed
 */
export function RequireScopes(...scopes: [Scope, ...Scope[]]): ClassDecorator & MethodDecorator {
  return closed({ kind: 'scopes', scopes, group: 'default', ignoreCredentials: false }, ...scopes);
}

/**
 * Opens a route to every valid API key, whatever its scopes.
 * @param options `sessions`: false for a route that wants the key itself, not one of its sessions
 */
export function AnyKey({ sessions = true }: { sessions?: boolean } = {}): ClassDecorator & MethodDecorator {
  return closed({ kind: 'any-key', sessions, group: 'default', ignoreCredentials: false });
}

/**
 * Opens a route to callers without an API key. A bad key is still refused (401), unless credentials are ignored.
 * @param options rate-limit group (default `public`), whether credentials are ignored, whether pages of every origin may
 * read its answers, and what may close it
 */
export function Public(options: PublicOptions = {}): ClassDecorator & MethodDecorator {
  const { group = 'public', ignoreCredentials = false, anyOrigin = false, unless } = options;
  const access: Access = { kind: 'public', group, ignoreCredentials, anyOrigin, ...(unless && { unless }) };
  return applyDecorators(
    SetMetadata(ACCESS, access),
    ...(ignoreCredentials ? [] : [ApiSecurity({}), CallerWith()]),
    ApiProblems(
      'invalid_request',
      ...(ignoreCredentials ? [] : (['unauthorized'] as const)),
      ...(unless ? (['insufficient_scope'] as const) : []),
      'validation_failed',
      ...(group === 'exempt' ? [] : (['rate_limited'] as const)),
      'internal_error',
      ...(ignoreCredentials ? [] : (['service_unavailable'] as const)),
    ),
  );
}

/**
 * What a route declares about access; its method's declaration outranks its controller's.
 * @returns undefined where nothing is declared, which `assertEveryRouteDeclaresAccess` refuses at the start
 */
export function accessOf(handler: object, controller: object): Access | undefined {
  return (Reflect.getMetadata(ACCESS, handler) ?? Reflect.getMetadata(ACCESS, controller)) as
    Access | undefined;
}
