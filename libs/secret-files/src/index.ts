export type { FileRule } from './file-rule';
export { assertFileRule, isForeign, OWN_SECRET, READABLE, SECRET } from './file-rule';
export { assertKeysFolderSync, openOwnFolderSync } from './folders';
export { resolveOwnLinks, resolveOwnLinksSync, resolveOwnParentSync } from './own-links';
export { trustedProgramSync } from './programs';
export { assertTrustedFileSync, readJudgedFileSync, readTrustedFile, readTrustedFileSync } from './read-file';
export { UnsafeFile, whyUnreadable, whyUnwritable } from './unsafe-file';
