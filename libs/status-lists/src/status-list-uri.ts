/** Where clients get a status list, and its name in them for good. */
export function statusListUri(publicUrl: string, list: number): string {
  return `${publicUrl}/api/v1/status-lists/${list}`;
}
