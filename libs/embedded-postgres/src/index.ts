export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres';
export { hasEmbeddedPostgres, removeEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';
