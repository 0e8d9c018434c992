import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { answer, api } from '../api/client';
import { Loaded } from '../parts/states';
import { Table } from '../parts/table';
import { Time } from '../parts/time';
import { useTexts } from '../texts/language';

/** The audit records of one license, newest first. */
export function History({ id }: { id: string }): ReactNode {
  const { licenses: texts } = useTexts();
  const query = useInfiniteQuery({
    queryKey: ['license', id, 'history'],
    queryFn: ({ signal, pageParam }) => {
      const part = { page_size: 20, ...(pageParam !== '' && { cursor: pageParam }) };
      return answer(
        api.GET('/api/v1/licenses/{id}/history', { params: { path: { id }, query: part }, signal }),
      );
    },
    initialPageParam: '',
    getNextPageParam: ({ next_cursor: next }) => next,
  });
  return (
    <Loaded query={query}>
      {({ pages }) => {
        const records = pages.flatMap(({ audit_logs: logs }) => logs);
        if (records.length === 0) return <p>{texts.historyEmpty}</p>;
        return (
          <>
            <Table
              caption={texts.history}
              columns={[texts.event, texts.when, texts.who, texts.outcome]}
              rows={records.map((record) => ({
                key: record.id,
                cells: [
                  <code>{record.event_type}</code>,
                  <Time at={record.recorded_at} />,
                  <span className="wrap">{record.actor}</span>,
                  <span className="wrap">{outcome(record.event_data)}</span>,
                ],
              }))}
            />
            {query.hasNextPage && (
              <button
                type="button"
                className="button"
                onClick={() => {
                  void query.fetchNextPage();
                }}
              >
                {texts.historyMore}
              </button>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** What a record says, as `name: value`. */
function outcome(data: Readonly<Record<string, unknown>>): string {
  return Object.entries(data)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
