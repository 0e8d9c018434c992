import { Client } from 'pg';
import type { DataSource } from 'typeorm';

/** A node of a plan that was run. */
export interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Loops': number;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** What running a statement cost. */
export interface Cost {
  /** Pages of 8 KiB that were looked at. */
  pages: number;
  /** Tables that were read from end to end, sorted. */
  scanned: string[];
  /** Indexes that were read, sorted. */
  indexes: string[];
}

const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
const namesOf = (names: (string | undefined)[]): string[] =>
  [...new Set(names.filter((name) => name !== undefined))].sort();

/** Runs a statement: the nodes of its plan, those that never ran included. The first is the whole. */
export async function planNodes(
  sql: Pick<Client, 'query'>,
  { text, parameters }: Statement,
): Promise<PlanNode[]> {
  const { rows } = await sql.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
    parameters,
  );
  return nodesOf(rows[0]!['QUERY PLAN'][0].Plan);
}

/** Runs a statement and says what it read; parts of the plan that never ran do not count. */
export async function costOf(dataSource: DataSource, { text, parameters }: Statement): Promise<Cost> {
  const [row] = await dataSource.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
    parameters,
  );
  const { Plan: plan } = row!['QUERY PLAN'][0];
  const nodes = nodesOf(plan).filter((node) => node['Actual Loops'] > 0);
  return {
    pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    scanned: namesOf(
      nodes.map((node) => (node['Node Type'] === 'Seq Scan' ? node['Relation Name'] : undefined)),
    ),
    indexes: namesOf(nodes.map((node) => node['Index Name'])),
  };
}

/** A statement as it was sent. */
export interface Statement {
  text: string;
  parameters: unknown[];
}

/** Every statement that is sent to PostgreSQL while `work` runs, in order. */
export async function statementsOf(work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  const query = Client.prototype.query;
  const spy = jest.spyOn(Client.prototype, 'query').mockImplementation(function (
    this: Client,
    ...given: unknown[]
  ) {
    const [text, parameters] = given;
    if (typeof text === 'string')
      statements.push({ text, parameters: Array.isArray(parameters) ? parameters : [] });
    return Reflect.apply(query, this, given) as never;
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return statements;
}
