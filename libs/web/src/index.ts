export { accessOf, AnyKey, Public, RequireScopes } from './access';
export type { Access, PublicOptions, RateLimitGroup } from './access';
export { assertEveryRouteDeclaresAccess } from './access-check';
export { ApiProblems, problemCodesIn } from './api-problems';
export { credentialOf, Identification } from './identification';
export type { AuthenticatedKey, Credential } from './credential';
export { assertEveryBodyIsBounded } from './bounds/body-check';
export { ListOf } from './bounds/body-bounds';
export { BodyLimit } from './bounds/body-rules';
export { Creates } from './creates';
export { csv } from './csv';
export { decodeCursor, encodeCursor } from './cursor';
export type { CursorKey, CursorKeyKind } from './cursor';
export { demandScope } from './demand-scope';
export { ETagged, IfNoneMatch } from './entity-tag';
export type { TagOf } from './entity-tag';
export { createHttpApp } from './http-server';
export { IdempotencyModule } from './idempotency/idempotency.module';
export { Idempotent } from './idempotency/idempotent';
export { forgetAnswersAbout, rememberedAnswersByPepper } from './idempotency/remembered-answers';
export { IfMatch } from './if-match';
export { NO_PRECONDITION } from './precondition';
export type { Precondition } from './precondition';
export { QueryBoolean, QueryInteger, QueryTimestamp, Timestamp } from './input-fields';
export { parseJson } from './json-text';
export { answerList } from './list-answer';
export { allRows } from './list-page';
export type { ListOrder, ListSource, SortKey } from './list-page';
export { STREAM_TYPES } from './list-stream';
export { Precompressed } from './precompressed';
export { whereBeginsWith } from './prefix-search';
export { RateLimiter } from './rate-limiter';
export type { PageQuery } from './page-query';
export { PageQueryDto } from './page-query.dto';
export { PageDto, pageOf } from './page.dto';
export type { Page } from './page.dto';
export { ParsePathId, ParsePathUuid } from './path-id.pipe';
export { FieldErrorDto, ProblemDto } from './problem.dto';
export { ChangedText, ReadableText } from './readable-text';
export {
  CACHE_CONTROL_EXTENSION,
  CacheControl,
  NoStore,
  Responds,
  RespondsAsIs,
  RespondsNothing,
} from './responds';
export type { RespondsOptions } from './responds';
export { grants, SCOPES } from './scopes';
export type { Scope } from './scopes';
export { EmptyIsAbsent, Length, MaxLength, MayBeAbsent, Pattern, RequiredUnless, SameAs } from './text-rules';
export { IgnoresUnknownFields } from './unknown-fields';
export { InvalidInput } from './invalid-input';
export { WebModule } from './web.module';
export type { WebOptions } from './web.module';
