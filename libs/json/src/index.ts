export type { JsonBounds } from './json-bounds';
export { jsonLine, escapeControls } from './json-line';
export { RESERVED_NAMES, parseJson } from './parse-json';
