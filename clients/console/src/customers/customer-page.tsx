import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { answer, api } from '../api/client';
import { useScopes } from '../api/session';
import { LicenseTable } from '../licenses/license-table';
import { AsCurl } from '../parts/as-curl';
import { Facts, Section } from '../parts/facts';
import { Page } from '../parts/page';
import { Loaded, Needs } from '../parts/states';
import { Time } from '../parts/time';
import { useTexts } from '../texts/language';
import { useCustomer } from './use-customer';

const route = getRouteApi('/customers/$id');

/** One customer, and its licenses. */
export function CustomerPage(): ReactNode {
  const { customers: texts } = useTexts();
  const { id } = route.useParams();
  const can = useScopes();
  const query = useCustomer(id, { enabled: can('customers:read') });
  const actions = query.data && (
    <>
      {can('customers:write') && (
        <Link to="/customers/$id/edit" params={{ id }} className="button">
          {texts.edit}
        </Link>
      )}
      {can('licenses:issue') && (
        <Link to="/licenses/new" search={{ customer_id: id }} className="button primary">
          {texts.issue}
        </Link>
      )}
    </>
  );
  return (
    <Page title={query.data?.data.name ?? id} actions={actions}>
      <Needs scope="customers:read">
        <Loaded query={query}>
          {({ data: customer }) => (
            <Section title={texts.details}>
              <Facts
                of={[
                  [texts.state, customer.is_active ? texts.active : texts.inactive],
                  [texts.id, <code>{customer.id}</code>],
                  [texts.email, customer.email],
                  [texts.company, customer.company],
                  [texts.phone, customer.phone],
                  [texts.address, customer.address],
                  [texts.notes, customer.notes],
                  [texts.since, <Time at={customer.created_at} />],
                ]}
              />
            </Section>
          )}
        </Loaded>
        <Section title={texts.licenses}>
          <Needs scope="licenses:read">
            <Licenses of={id} />
          </Needs>
        </Section>
        <AsCurl
          requests={[
            { path: `/api/v1/customers/${id}` },
            { path: '/api/v1/licenses', query: { customer_id: id, page_size: 25 } },
          ]}
        />
      </Needs>
    </Page>
  );
}

function Licenses({ of }: { of: string }): ReactNode {
  const { licenses: texts } = useTexts();
  const query = { customer_id: of, page_size: 25 };
  const list = useQuery({
    queryKey: ['licenses', query],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/licenses', { params: { query }, signal })),
  });
  return (
    <Loaded query={list}>
      {({ licenses, next_cursor: next }) => (
        <>
          {licenses.length === 0 ? <p>{texts.empty}</p> : <LicenseTable licenses={licenses} />}
          {next !== null && (
            <Link to="/licenses" search={{ customer_id: of }}>
              {texts.title}
            </Link>
          )}
        </>
      )}
    </Loaded>
  );
}
