import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { answer, api } from '../api/client';
import { useScopes } from '../api/session';
import { AsCurl } from '../parts/as-curl';
import { Choice, SendForm, TextField } from '../parts/form';
import { Page } from '../parts/page';
import { Pager } from '../parts/pager';
import { Loaded, Needs } from '../parts/states';
import { Table } from '../parts/table';
import { Time } from '../parts/time';
import { useTexts } from '../texts/language';

const route = getRouteApi('/customers');
const FIELDS = ['q', 'is_active'];

/** The customers, by a search that is in the URL. */
export function CustomersPage(): ReactNode {
  const { customers } = useTexts();
  const can = useScopes();
  const create = can('customers:write') && (
    <Link to="/customers/new" className="button primary">
      {customers.create}
    </Link>
  );
  return (
    <Page title={customers.title} actions={create}>
      <Needs scope="customers:read">
        <Filters />
        <Customers />
      </Needs>
    </Page>
  );
}

function Filters(): ReactNode {
  const { customers: texts, general } = useTexts();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <search>
      <SendForm
        key={JSON.stringify(search)}
        submit={general.apply}
        fields={FIELDS}
        send={async (values) => {
          await navigate({ search: { q: values.text('q'), is_active: values.text('is_active') } });
        }}
      >
        <div className="grid">
          <TextField
            name="q"
            label={texts.search}
            hint={texts.searchHint}
            type="search"
            defaultValue={search.q}
          />
          <Choice
            name="is_active"
            label={texts.state}
            defaultValue={search.is_active ?? ''}
            options={[
              ['', general.all],
              ['true', texts.active],
              ['false', texts.inactive],
            ]}
          />
        </div>
      </SendForm>
    </search>
  );
}

function Customers(): ReactNode {
  const { customers: texts } = useTexts();
  const search = route.useSearch();
  const query = {
    q: search.q,
    is_active: search.is_active === undefined ? undefined : search.is_active === 'true',
    cursor: search.cursor,
    page_size: 25,
  };
  const list = useQuery({
    queryKey: ['customers', query],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/customers', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Loaded query={list}>
        {({ customers, total, total_is_estimate: isEstimate = false, next_cursor: next }) => (
          <>
            {customers.length === 0 ? (
              <p className="empty">{texts.empty}</p>
            ) : (
              <Table
                caption={texts.title}
                columns={[texts.name, texts.id, texts.company, texts.state, texts.since]}
                rows={customers.map((customer) => ({
                  key: customer.id,
                  cells: [
                    <Link to="/customers/$id" params={{ id: customer.id }}>
                      {customer.name}
                    </Link>,
                    <code>{customer.id}</code>,
                    customer.company,
                    customer.is_active ? texts.active : texts.inactive,
                    <Time at={customer.created_at} withTime={false} />,
                  ],
                }))}
              />
            )}
            <Pager total={total} isEstimate={isEstimate} cursor={search.cursor} next={next} />
          </>
        )}
      </Loaded>
      <AsCurl requests={[{ path: '/api/v1/customers', query }]} />
    </>
  );
}
