import { Brackets, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';

/**
 * Keeps the rows of which one of the columns begins with a text, without regard to case and to the normal form that
 * either is in: texts are stored in NFC, but rows may be older than that rule.
 * @param columns SQL of the columns; each indexed by `lower(<column> COLLATE "und-x-icu") text_pattern_ops`
 * @param text as the caller wrote it; has no wildcards
 */
export function whereBeginsWith<Row extends ObjectLiteral>(
  rows: SelectQueryBuilder<Row>,
  columns: readonly string[],
  text: string,
): void {
  const forms = [...new Set([text.normalize('NFC'), text.normalize('NFD')])];
  const patterns = forms.map((form) => `${form.replace(/[\\%_]/g, '\\$&')}%`);
  rows.andWhere(
    new Brackets((any) => {
      for (const column of columns)
        patterns.forEach((pattern, index) =>
          any.orWhere(
            `lower(${column} COLLATE "und-x-icu") LIKE lower(:pattern${index} COLLATE "und-x-icu")`,
            {
              [`pattern${index}`]: pattern,
            },
          ),
        );
    }),
  );
}
