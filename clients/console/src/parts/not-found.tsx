import { type ReactNode } from 'react';
import { useTexts } from '../texts/language';
import { Page } from './page';

/** What is shown for a path that no page has. */
export function NotFound(): ReactNode {
  const { general } = useTexts();
  return (
    <Page title={general.notFound}>
      <p>{general.notFoundDetail}</p>
    </Page>
  );
}
