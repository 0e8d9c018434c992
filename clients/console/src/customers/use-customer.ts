import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { api, type Schemas, taggedAnswer } from '../api/client';

/**
 * One customer, and its state for `If-Match`.
 * @param isKept whether it is read only once: the state that is edited is the one that must still hold
 */
export function useCustomer(
  id: string,
  { enabled = true, isKept = false }: { enabled?: boolean; isKept?: boolean } = {},
): UseQueryResult<{ data: Schemas['Customer']; tag?: string }> {
  return useQuery({
    queryKey: isKept ? ['edited customer', id] : ['customer', id],
    queryFn: ({ signal }) =>
      taggedAnswer(api.GET('/api/v1/customers/{id}', { params: { path: { id } }, signal })),
    enabled,
    ...(isKept && { staleTime: Infinity, gcTime: 0 }),
  });
}
