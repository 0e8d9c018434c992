import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { answer, api } from '../api/client';
import { Choice, SendForm, TextField, type Values } from '../parts/form';
import { useTexts } from '../texts/language';
import { ORDERS, STATUSES, TYPES } from './kinds';

const route = getRouteApi('/licenses');
/** A token has three parts; nothing else that is searched for has. */
const TOKEN = /^\S{20,}\.\S{20,}\.\S{20,}$/;

const FIELDS = [
  'q',
  'status',
  'license_type',
  'customer_id',
  'module_name',
  'expires_after',
  'expires_before',
  'sort',
] as const;

/** What is searched for. Sending it writes the URL; a pasted token goes to the server instead, and nowhere else. */
export function Filters(): ReactNode {
  const { licenses: texts, general } = useTexts();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const send = async (values: Values): Promise<void> => {
    const q = values.text('q')?.replaceAll(/\s+/g, ' ');
    if (q !== undefined && TOKEN.test(q.replaceAll(' ', ''))) {
      const { id } = await answer(api.POST('/api/v1/licenses/inspect', { body: { token: q } }));
      await navigate({ to: '/licenses/$id', params: { id } });
      return;
    }
    await navigate({ search: Object.fromEntries(FIELDS.map((name) => [name, values.text(name)])) });
  };
  const hasFilters = FIELDS.some((name) => name !== 'q' && search[name] !== undefined);
  return (
    <search>
      <SendForm
        key={JSON.stringify(search)}
        submit={general.apply}
        fields={FIELDS}
        send={send}
        extra={
          <Link to="/licenses" search={{}}>
            {general.clear}
          </Link>
        }
      >
        <TextField
          name="q"
          label={texts.search}
          hint={texts.searchHint}
          type="search"
          defaultValue={search.q}
          isRequired={false}
        />
        <details className="filters" open={hasFilters}>
          <summary>{general.filters}</summary>
          <div className="grid">
            <Choice
              name="status"
              label={texts.status}
              defaultValue={search.status ?? ''}
              options={[['', general.all], ...STATUSES.map((one) => [one, texts.statuses[one]] as const)]}
            />
            <Choice
              name="license_type"
              label={texts.type}
              defaultValue={search.license_type ?? ''}
              options={[['', general.all], ...TYPES.map((one) => [one, texts.types[one]] as const)]}
            />
            <Choice
              name="sort"
              label={texts.sort}
              defaultValue={search.sort ?? ORDERS[0]}
              options={ORDERS.map((one) => [one, texts.orders[one]] as const)}
            />
            <TextField name="customer_id" label={texts.customer} defaultValue={search.customer_id} />
            <TextField name="module_name" label={texts.module} defaultValue={search.module_name} />
            <TextField
              name="expires_after"
              label={texts.expiresAfter}
              type="date"
              defaultValue={search.expires_after}
            />
            <TextField
              name="expires_before"
              label={texts.expiresBefore}
              type="date"
              defaultValue={search.expires_before}
            />
          </div>
        </details>
      </SendForm>
    </search>
  );
}
