export { type JsonFile, jsonFile } from './json-file';
