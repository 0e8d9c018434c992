export type { FileRule } from './file-rule';
export { OWN_SECRET, READABLE, SECRET } from './file-rule';
export { assertKeysFolderSync, openOwnFolderSync } from './folders';
export { assertTrustedFileSync, readTrustedFile, readTrustedFileSync } from './read-file';
export { UnsafeFile, whyUnreadable } from './unsafe-file';
