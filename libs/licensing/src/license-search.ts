import { UUID_RULE } from '@aegis/field-rules';
import { beginningPattern, fold } from '@aegis/lists';
import { Brackets } from 'typeorm';

// How licenses are found by ids and names, in the words of the indexes `licenses_by_lower_customer` and
// `licenses_by_lower_module`: each serves both who asks for one value and who asks for a beginning, in any case. The
// rules of both columns allow ASCII only, so that the collation "C" knows every letter.

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

function lowerSql(text: string): string {
  return `lower(${text} COLLATE "C")`;
}

/**
 * SQL condition: a column of licenses has a value, to the letter; by the index on its lower case.
 * @param column `customer_id` or `module_name`, with its table
 * @param value SQL of the value
 */
export function isExactlySql(column: string, value: string): string {
  return `${lowerSql(column)} = ${lowerSql(value)} AND ${column} = ${value}`;
}

/**
 * SQL condition: the id of a license, its module's name or its customer's id begins with a text, without regard to case.
 * @param row alias of the table in the query
 * @param text as the caller wrote it; has no wildcards
 */
export function beginsInLicense(row: string, text: string): Brackets {
  const folded = fold(text);
  const [first, last] = [FIRST_ID, LAST_ID].map((id) => folded + id.slice(folded.length));
  return new Brackets((any) => {
    any
      .where(`${lowerSql(`${row}.module_name`)} LIKE :beginning`, {
        beginning: beginningPattern(text),
      })
      .orWhere(`${lowerSql(`${row}.customer_id`)} LIKE :beginning`);
    if (first !== undefined && UUID_RULE.pattern.test(first))
      any.orWhere(`${row}.id BETWEEN :first_id AND :last_id`, { first_id: first, last_id: last });
  });
}
