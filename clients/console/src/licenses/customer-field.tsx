import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId, useState } from 'react';
import { answer, api } from '../api/client';
import { useScopes } from '../api/session';
import { TextField } from '../parts/form';
import { useTexts } from '../texts/language';

/** The id of a customer; those that match what is typed are offered, if the session may see them. */
export function CustomerField({
  hint,
  defaultValue,
}: {
  hint: string;
  defaultValue: string | undefined;
}): ReactNode {
  const { licenses } = useTexts();
  const can = useScopes();
  const offered = useId();
  const [typed, setTyped] = useState('');
  const query = { q: typed, page_size: 10, is_active: true };
  const found = useQuery({
    queryKey: ['customers', query],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/customers', { params: { query }, signal })),
    enabled: typed.trim().length > 0 && can('customers:read'),
  });
  return (
    <>
      <TextField
        name="customer_id"
        label={licenses.customer}
        hint={hint}
        defaultValue={defaultValue}
        list={offered}
        isRequired
        onChange={(event) => {
          setTyped(event.target.value);
        }}
      />
      <datalist id={offered}>
        {(found.data?.customers ?? []).map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </datalist>
    </>
  );
}
