export type { JsonBounds } from './json-bounds';
export { jsonLine, spellControls } from './json-line';
export { RESERVED_NAMES, parseJson } from './parse-json';
