import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { answer, api } from '../api/client';
import { useScopes } from '../api/session';
import { AsCurl } from '../parts/as-curl';
import { Page } from '../parts/page';
import { Pager } from '../parts/pager';
import { Loaded, Needs } from '../parts/states';
import { oneOf } from '../search';
import { useTexts } from '../texts/language';
import { Filters } from './filters';
import { ORDERS, STATUSES, TYPES } from './kinds';
import { LicenseTable } from './license-table';
import { MatchingCustomers } from './matching-customers';

const route = getRouteApi('/licenses');
const PAGE_SIZE = 25;

/** The licenses, by search and filters that are in the URL. */
export function LicensesPage(): ReactNode {
  const { licenses } = useTexts();
  const can = useScopes();
  const issue = can('licenses:issue') && (
    <Link to="/licenses/new" className="button primary">
      {licenses.issue}
    </Link>
  );
  return (
    <Page title={licenses.title} actions={issue}>
      <Needs scope="licenses:read">
        <Filters />
        <Licenses />
      </Needs>
    </Page>
  );
}

function Licenses(): ReactNode {
  const { licenses: texts } = useTexts();
  const search = route.useSearch();
  const query = {
    q: search.q,
    customer_id: search.customer_id,
    module_name: search.module_name,
    status: oneOf(STATUSES, search.status),
    license_type: oneOf(TYPES, search.license_type),
    expires_after: startOf(search.expires_after),
    expires_before: startOf(search.expires_before),
    sort: oneOf(ORDERS, search.sort) ?? ORDERS[0],
    cursor: search.cursor,
    page_size: PAGE_SIZE,
  };
  const list = useQuery({
    queryKey: ['licenses', query],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/licenses', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      {search.q !== undefined && <MatchingCustomers q={search.q} />}
      <Loaded query={list}>
        {({ licenses, total, total_is_estimate: isEstimate = false, next_cursor: next }) => (
          <>
            {licenses.length === 0 ? (
              <p className="empty">{texts.empty}</p>
            ) : (
              <LicenseTable licenses={licenses} />
            )}
            <Pager total={total} isEstimate={isEstimate} cursor={search.cursor} next={next} />
          </>
        )}
      </Loaded>
      <AsCurl requests={[{ path: '/api/v1/licenses', query }]} />
    </>
  );
}

/** The beginning of a day of the reader, as the API wants it. */
function startOf(day: string | undefined): string | undefined {
  if (day === undefined) return undefined;
  const time = new Date(`${day}T00:00:00`);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
