import type { ReactNode } from 'react';
import { useLanguage } from '../texts/language';

/** A time in the reader's zone and language; the exact one is shown when the mouse is over it. */
export function Time({ at, withTime = true }: { at: string; withTime?: boolean }): ReactNode {
  const { language } = useLanguage();
  const format = new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    ...(withTime && { timeStyle: 'short' }),
  });
  return (
    <time dateTime={at} title={at}>
      {format.format(new Date(at))}
    </time>
  );
}
