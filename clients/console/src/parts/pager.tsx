import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTexts } from '../texts/language';

/** How many rows there are, and the way to the next ones. The cursor is in the URL, as the filters are. */
export function Pager({
  total,
  isEstimate,
  cursor,
  next,
}: {
  total: number;
  isEstimate: boolean;
  cursor: string | undefined;
  next: string | null;
}): ReactNode {
  const { general } = useTexts();
  return (
    <nav className="pager" aria-label={general.pages}>
      <span role="status">{general.found(total, isEstimate)}</span>
      {cursor !== undefined && (
        <Link from="/" to="." search={(now) => ({ ...now, cursor: undefined })}>
          {general.first}
        </Link>
      )}
      {next !== null && (
        <Link from="/" to="." search={(now) => ({ ...now, cursor: next })}>
          {general.next}
        </Link>
      )}
    </nav>
  );
}
