import type { ReactNode } from 'react';
import type { Schemas } from '../api/client';
import { useTexts } from '../texts/language';

/** The state of a license. */
export function Status({ of }: { of: Schemas['LicenseStatus'] }): ReactNode {
  const { licenses } = useTexts();
  return <span className={`badge ${of}`}>{licenses.statuses[of]}</span>;
}
