// Loaded late, by the name of what is built: production never needs it.
export { startEmbeddedPostgres } from '@aegis/embedded-postgres';
