/**
 * The pages of a list, one after the other, however long it is.
 * @param read asks for a page: without a cursor for the first one
 * @throws what `read` throws
 */
export async function* pagesOf<Page extends { next_cursor: string | null }>(
  read: (cursor: string | undefined) => Promise<Page>,
): AsyncGenerator<Page, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    yield page;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
