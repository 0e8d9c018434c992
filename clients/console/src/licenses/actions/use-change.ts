import { useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { notify } from '../../parts/notices';

/**
 * What every change has: an Idempotency-Key, and what follows once it is done.
 * @returns `keyFor`: the same key while the same body is sent again, so that it does not work twice; `changed` says that
 *   it is done, and loads what may have changed
 */
export function useChange(): {
  keyFor: (body: unknown) => { 'Idempotency-Key': string };
  changed: (text: string) => Promise<void>;
} {
  const queries = useQueryClient();
  const last = useRef({ body: '', key: '' });
  return {
    keyFor: (body) => {
      const text = JSON.stringify(body);
      if (last.current.body !== text) last.current = { body: text, key: crypto.randomUUID() };
      return { 'Idempotency-Key': last.current.key };
    },
    changed: async (text) => {
      notify(text);
      await queries.invalidateQueries();
    },
  };
}
