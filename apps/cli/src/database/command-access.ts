/**
 * What a command does to the database.
 *
 * - `reads`: changes nothing and creates nothing; pending migrations are an error.
 * - `changes`: changes what is there; the database must exist.
 * - `makes`: may be the first use of a database: the embedded one of development is created where there is none.
 */
export type CommandAccess = 'reads' | 'changes' | 'makes';
