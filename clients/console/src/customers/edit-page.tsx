import { getRouteApi } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { answer, api } from '../api/client';
import { useScopes } from '../api/session';
import { useChange } from '../licenses/actions/use-change';
import { AsCurl } from '../parts/as-curl';
import { SendForm } from '../parts/form';
import { Page } from '../parts/page';
import { Loaded, Needs } from '../parts/states';
import { useTexts } from '../texts/language';
import { CUSTOMER_FIELDS, CustomerFields, customerIn } from './customer-fields';
import { useCustomer } from './use-customer';

const route = getRouteApi('/customers/$id/edit');

/** Changes a customer, unless somebody changed it meanwhile. */
export function EditCustomerPage(): ReactNode {
  const { customers: texts } = useTexts();
  const { id } = route.useParams();
  const navigate = route.useNavigate();
  const { changed } = useChange();
  const can = useScopes();
  const query = useCustomer(id, { enabled: can('customers:write') && can('customers:read'), isKept: true });
  return (
    <Page title={texts.editTitle}>
      <Needs scope="customers:read">
        <Needs scope="customers:write">
          <Loaded query={query}>
            {({ data: customer, tag }) => (
              <SendForm
                submit={texts.edit}
                fields={CUSTOMER_FIELDS}
                send={async (values) => {
                  const params = { path: { id }, header: { ...(tag !== undefined && { 'If-Match': tag }) } };
                  await answer(api.PATCH('/api/v1/customers/{id}', { params, body: customerIn(values) }));
                  await navigate({ to: '/customers/$id', params: { id } });
                  await changed(texts.changed);
                }}
              >
                <CustomerFields customer={customer} />
              </SendForm>
            )}
          </Loaded>
          <AsCurl
            requests={[
              { method: 'PATCH', path: `/api/v1/customers/${id}`, body: { company: 'Acme Holding' } },
            ]}
          />
        </Needs>
      </Needs>
    </Page>
  );
}
