import type { Formulas } from './csv';

/** Which part of a list is asked for: a page by number, or the next one by cursor. */
export interface PageQuery {
  /** Number of the page, from 1 on. Not together with `cursor`. */
  page?: number;
  /** Rows per page. */
  page_size: number;
  /** `next_cursor` of an earlier answer. */
  cursor?: string;
  /** For CSV only: whether cells that look like a formula are escaped. */
  formulas?: Formulas;
}
