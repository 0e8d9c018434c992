import { Brackets, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';

/**
 * Keeps the rows of which one of the columns begins with a text, without regard to case.
 * @param columns SQL of the columns; each indexed by `lower(<column> COLLATE "und-x-icu") text_pattern_ops`
 * @param text as the caller wrote it; has no wildcards
 */
export function whereBeginsWith<Row extends ObjectLiteral>(
  rows: SelectQueryBuilder<Row>,
  columns: readonly string[],
  text: string,
): void {
  const pattern = `${text.replace(/[\\%_]/g, '\\$&')}%`;
  rows.andWhere(
    new Brackets((any) => {
      for (const column of columns)
        any.orWhere(`lower(${column} COLLATE "und-x-icu") LIKE lower(:pattern COLLATE "und-x-icu")`, {
          pattern,
        });
    }),
  );
}
