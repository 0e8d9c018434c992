export { type AegisApiOptions, aegisApi } from './aegis-api';
export type { components, operations, paths } from '../../schema.d';
export { type AegisOptions, aegisClient } from '../../index';
export { AegisProblem, type Problem, dataOf } from './problem';
export { pagesOf } from './pages';
export { type ResilienceOptions, resilientFetch } from './resilient-fetch';
