export type { EmbeddedPostgres } from './embedded-postgres';
export { hasEmbeddedPostgres, removeEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';
