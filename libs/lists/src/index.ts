export type { Formulas } from './csv';
export { FORMULAS, csv } from './csv';
export { encodeCursor, MAX_CURSOR_LENGTH } from './cursor';
export { beginningPattern, fold, foldedBeginnings, withoutWildcards } from './folded-words';
export type { ListOrder, ListSource, Rows } from './list-page';
export { allRows, listPage } from './list-page';
export { STREAM_TYPES, listLines } from './list-stream';
export { byCreation, highestFirst, newestFirst } from './newest-first';
export type { PageQuery } from './page-query';
