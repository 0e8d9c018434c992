/**
 * What a command does to the database.
 *
 * - `reads`: changes nothing and creates nothing; pending migrations are an error.
 * - `changes`: changes what is there; the database must exist.
 * - `makes`: may be the first use of a database: creates the embedded one of development if it does not exist.
 */
export type CommandAccess = 'reads' | 'changes' | 'makes';
