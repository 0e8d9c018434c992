/** Where clients get a status list, and its permanent name in them. */
export function statusListUri(publicUrl: string, list: number): string {
  return `${publicUrl}/api/v1/status-lists/${list}`;
}
