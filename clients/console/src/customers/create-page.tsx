import { useNavigate } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { answer, api } from '../api/client';
import { useChange } from '../licenses/actions/use-change';
import { AsCurl } from '../parts/as-curl';
import { SendForm, TextField } from '../parts/form';
import { Page } from '../parts/page';
import { Needs } from '../parts/states';
import { useTexts } from '../texts/language';
import { CUSTOMER_FIELDS, CustomerFields, customerIn } from './customer-fields';

/** Adds a customer, and shows it. */
export function CreateCustomerPage(): ReactNode {
  const { customers: texts } = useTexts();
  const navigate = useNavigate();
  const { keyFor, changed } = useChange();
  return (
    <Page title={texts.createTitle}>
      <Needs scope="customers:write">
        <SendForm
          submit={texts.createSubmit}
          fields={CUSTOMER_FIELDS}
          send={async (values) => {
            const body = { id: values.text('id') ?? '', ...customerIn(values) };
            const customer = await answer(
              api.POST('/api/v1/customers', { params: { header: keyFor(body) }, body }),
            );
            await navigate({ to: '/customers/$id', params: { id: customer.id } });
            await changed([texts.created, ...(customer.warnings ?? [])].join(' '));
          }}
        >
          <TextField name="id" label={texts.id} hint={texts.idHint} isRequired />
          <CustomerFields />
        </SendForm>
        <AsCurl
          requests={[
            { method: 'POST', path: '/api/v1/customers', body: { id: 'acme', name: 'Acme Corporation' } },
          ]}
        />
      </Needs>
    </Page>
  );
}
