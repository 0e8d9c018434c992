import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client';
import { useScopes } from '../api/session';
import { AsCurl } from '../parts/as-curl';
import { Facts, Section } from '../parts/facts';
import { Page } from '../parts/page';
import { Loaded, Needs } from '../parts/states';
import { Time } from '../parts/time';
import { useTexts } from '../texts/language';
import { LicenseActions } from './actions/license-actions';
import { History } from './history';
import { Activations } from './activations';
import { Status } from './status';
import { TokenSection } from './token-section';

const route = getRouteApi('/licenses/$id');

/** One license: what it is, its token, its installations, what happened to it, and what can be done. */
export function LicensePage(): ReactNode {
  const { licenses } = useTexts();
  const { id } = route.useParams();
  const can = useScopes();
  const query = useQuery({
    queryKey: ['license', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/licenses/{id}', { params: { path: { id } }, signal })),
    enabled: can('licenses:read'),
  });
  const path = `/api/v1/licenses/${id}`;
  return (
    <Page
      title={query.data === undefined ? licenses.one : `${licenses.one} ${query.data.module_name}`}
      actions={query.data && <LicenseActions license={query.data} />}
    >
      <Needs scope="licenses:read">
        <Loaded query={query}>
          {(license) => (
            <>
              <Details license={license} />
              <TokenSection license={license} />
              <Section title={licenses.activations}>
                <Needs scope="activations:read">
                  <Activations license={license} />
                </Needs>
              </Section>
              <Section title={licenses.history}>
                <Needs scope="audit:read">
                  <History id={license.id} />
                </Needs>
              </Section>
            </>
          )}
        </Loaded>
        <AsCurl requests={[{ path }, { path: `${path}/history` }]} />
      </Needs>
    </Page>
  );
}

function Details({ license }: { license: Schemas['LicenseWithCustomer'] }): ReactNode {
  const { licenses: texts } = useTexts();
  const { customer, entitlements } = license;
  return (
    <Section title={texts.details}>
      <Facts
        of={[
          [texts.status, <Status of={license.status} />],
          [texts.reason, license.revoked_reason ?? license.suspended_reason],
          [texts.revokedSince, license.revoked_at && <Time at={license.revoked_at} />],
          [texts.suspendedSince, license.suspended_at && <Time at={license.suspended_at} />],
          [
            texts.customer,
            customer === null ? (
              `${license.customer_id} (${texts.removedCustomer})`
            ) : (
              <Link to="/customers/$id" params={{ id: customer.id }}>
                {customer.name} <span className="faint">{customer.id}</span>
              </Link>
            ),
          ],
          [texts.type, texts.types[license.license_type]],
          [texts.versions, license.allowed_major_versions.join(', ')],
          [texts.ends, license.expires_at === null ? texts.never : <Time at={license.expires_at} />],
          [texts.graceDays, license.grace_days === 0 ? undefined : license.grace_days],
          [texts.issued, <Time at={license.issued_at} />],
          [texts.bound, license.instance_fingerprint ?? texts.unbound],
          [
            texts.entitlements,
            Object.keys(entitlements).length === 0 ? undefined : (
              <ul>
                {Object.entries(entitlements).map(([code, value]) => (
                  <li key={code}>
                    <code>
                      {code} = {String(value)}
                    </code>
                  </li>
                ))}
              </ul>
            ),
          ],
          [texts.notes, license.notes],
          [texts.signingKey, <code>{license.key_id}</code>],
          [texts.revision, license.revision],
          [texts.id, <code>{license.id}</code>],
        ]}
      />
    </Section>
  );
}
