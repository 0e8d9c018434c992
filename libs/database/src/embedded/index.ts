export { hasEmbeddedPostgres, startEmbeddedPostgres, removeEmbeddedPostgres } from './embedded-postgres';
export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres';
