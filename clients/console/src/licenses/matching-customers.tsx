import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { answer, api } from '../api/client';
import { useScopes } from '../api/session';
import { useTexts } from '../texts/language';

/** Customers whose name is what was searched for: a license has the id of its customer only. */
export function MatchingCustomers({ q }: { q: string }): ReactNode {
  const { licenses } = useTexts();
  const can = useScopes();
  const query = { q, page_size: 5 };
  const found = useQuery({
    queryKey: ['customers', query],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/customers', { params: { query }, signal })),
    enabled: can('customers:read'),
  });
  const customers = found.data?.customers ?? [];
  if (customers.length === 0) return null;
  return (
    <p className="matches">
      {licenses.matchingCustomers}{' '}
      {customers.map(({ id, name }) => (
        <Link key={id} to="/licenses" search={{ customer_id: id }}>
          {name}
        </Link>
      ))}
    </p>
  );
}
