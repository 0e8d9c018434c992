/**
 * Lists that every process keeps signed: 131 million tokens. Of more, those are signed that somebody asks for: anyone who
 * has the application's role can write tokens of any list.
 */
export const MOST_LISTS = 1000;

/** Lists of activations that one survey looks at, those that are retired among them. */
const MOST_LOOKED_AT = 10 * MOST_LISTS;

/** @param lists SQL: a query that gives the numbers of lists */
export function versionsSql(lists: string): string {
  return `
  SELECT list, sum(changes)::float8 AS version
  FROM (SELECT list, version AS changes FROM status_list_versions
        UNION ALL SELECT list, count(*) FROM status_list_changes GROUP BY list) AS noted
  WHERE list IN (${lists}) GROUP BY list`;
}

/**
 * The first `MOST_LISTS` of the lists that exist, in the order of their numbers: each is found with one look into an
 * index.
 * @param after SQL: those with higher numbers alone
 */
export function firstListsSql(after: string): string {
  return `
  WITH RECURSIVE of_tokens AS (${numbersSql('of_tokens', 'license_tokens', after)}),
    of_activations AS (${numbersSql('of_activations', 'activations', after)})
  SELECT list FROM (
    (SELECT list FROM of_tokens WHERE list IS NOT NULL LIMIT ${MOST_LISTS})
    UNION
    (SELECT list FROM (SELECT list FROM of_activations WHERE list IS NOT NULL LIMIT ${MOST_LOOKED_AT}) AS named
     WHERE ${countsSql('named.list')} LIMIT ${MOST_LISTS})
  ) AS existing ORDER BY list LIMIT ${MOST_LISTS}`;
}

/** SQL: whether a list exists. In this form it is one look into an index, whatever the planner knows. */
export function existsSql(list: string): string {
  return `coalesce(
    (SELECT true FROM license_tokens WHERE status_list = ${list} ORDER BY status_index LIMIT 1), ${countsSql(list)})`;
}

/**
 * SQL of the tokens of lists that are not valid: a query of (list, index, suspended). Of an activation, it says that it has
 * ended, by whatever: its license has a list of its own.
 * @param lists SQL of an array
 */
export function markedSql(lists: string): string {
  return `
    SELECT token.status_list AS list, token.status_index AS index, license.status = 'suspended' AS suspended
    FROM licenses AS license JOIN license_tokens AS token ON token.license_id = license.id
    WHERE license.status IN ('revoked', 'suspended') AND token.status_list = ANY(${lists})
    UNION ALL
    SELECT status_list, status_index, false FROM license_tokens
    WHERE superseded_at IS NOT NULL AND status_list = ANY(${lists})
    UNION ALL
    SELECT status_list, status_index, false FROM activations
    WHERE listed_until < 'infinity' AND status_list = ANY(${lists})`;
}

/** SQL: whether a token of an activation of the list still counts, or may be given out; where none does, it is retired. */
function countsSql(list: string): string {
  return `coalesce((SELECT listed_until > statement_timestamp() FROM activations WHERE status_list = ${list}
                    ORDER BY listed_until DESC LIMIT 1), false)`;
}

/** SQL of a recursive query of the numbers that rows of a table name, the last of which is null. */
function numbersSql(name: string, table: string, after: string): string {
  return `
    (SELECT status_list AS list FROM ${table} WHERE status_list > ${after} ORDER BY status_list LIMIT 1)
    UNION ALL
    SELECT (SELECT status_list FROM ${table} WHERE status_list > ${name}.list ORDER BY status_list LIMIT 1)
    FROM ${name} WHERE ${name}.list IS NOT NULL`;
}
