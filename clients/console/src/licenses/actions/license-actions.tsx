import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client';
import { useScopes } from '../../api/session';
import { ReasonAction } from './reason-action';
import { ReissueAction } from './reissue-action';
import { RenewAction } from './renew-action';

/** What can be done with a license in its state, with the scopes of the session. */
export function LicenseActions({ license }: { license: Schemas['LicenseWithCustomer'] }): ReactNode {
  const can = useScopes();
  const { status, license_type: type, token } = license;
  if (status === 'revoked' || token === null) return null;
  const mayIssue = can('licenses:issue');
  const mayRevoke = can('licenses:revoke');
  return (
    <>
      {mayIssue && type !== 'perpetual' && <RenewAction license={license} />}
      {mayIssue && <ReissueAction license={license} />}
      {mayRevoke && status === 'suspended' && <ReasonAction license={license} kind="reinstate" />}
      {mayRevoke && status !== 'suspended' && <ReasonAction license={license} kind="suspend" />}
      {mayRevoke && <ReasonAction license={license} kind="revoke" />}
    </>
  );
}
