export { jsonLine, spellControls } from './json-line';
