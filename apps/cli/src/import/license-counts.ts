import type { ImportReport } from '@aegis/license-import';

/** What became of the licenses of an import, for people. */
export function licenseCounts({ imported, revoked, completed, unchanged, refused }: ImportReport): string {
  return [
    `${imported} imported`,
    `${revoked} revoked`,
    // After a restore alone.
    ...(completed > 0 ? [`${completed} completed by the text of their token`] : []),
    `${unchanged} unchanged`,
    `${refused} refused`,
  ].join(', ');
}
