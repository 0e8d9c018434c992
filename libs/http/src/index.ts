export { Creates } from './answers/creates';
export { ETagged, IfNoneMatch } from './answers/entity-tag';
export { HasIdempotencyKey, Idempotent } from './answers/idempotent';
export { HeldRequests } from './limits/held-requests';
export { IfMatch } from './answers/if-match';
export { answerList } from './answers/list-answer';
export { FreeNames } from './input/free-names';
export { Opaque } from './answers/opaque';
export { PageDto } from './answers/page.dto';
export { Precompressed } from './answers/precompressed';
export {
  CACHE_CONTROL_EXTENSION,
  CacheControl,
  NoStore,
  Responds,
  RespondsAsIs,
  RespondsNothing,
} from './answers/responds';
export { assertEveryRouteDeclaresAccess } from './callers/access-check';
export { demandScope } from './callers/demand-scope';
export { CONSOLE_HEADER, Identification, credentialOf, isFromConsole } from './callers/identification';
export type { Access } from './callers/route-access';
export { CONSOLE_SCHEME, SESSION_SCHEME } from './callers/route-access';
export { AnyKey, Public, RequireScopes } from './callers/route-access';
export { createHttpApp } from './edge/http-server';
export { routeOf } from './edge/request-facts';
export { traceHandlers } from './trace-handlers';
export { HttpModule } from './http.module';
export { ListOf, ObjectOf } from './input/body/body-bounds';
export { assertEveryBodyIsBounded } from './input/body/body-check';
export { BodyLimit } from './input/body/body-rules';
export { QueryBoolean, QueryInteger, QueryTimestamp, Timestamp } from './input/input-fields';
export { PageQueryDto } from './input/page-query.dto';
export { PathId } from './input/path-id';
export { ChangedText, ReadableText } from './input/readable-text';
export {
  EmptyIsAbsent,
  Length,
  MaxLength,
  MayBeAbsent,
  Pattern,
  RequiredUnless,
  SameAs,
} from './input/text-rules';
export { IgnoresUnknownFields } from './input/unknown-fields';
export { RateLimiter } from './limits/rate-limiter';
export { ApiProblems, problemCodesIn } from './problems/api-problems';
