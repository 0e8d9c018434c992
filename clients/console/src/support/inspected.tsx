import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client';
import { Status } from '../licenses/status';
import { Facts, Section } from '../parts/facts';
import { Time } from '../parts/time';
import { useTexts } from '../texts/language';

/** The license of a token, and what the token itself says. */
export function Inspected({ license }: { license: Schemas['InspectedLicense'] }): ReactNode {
  const { support: texts, licenses, general } = useTexts();
  const { inspected: token } = license;
  return (
    <Section title={texts.saysTitle}>
      {token.removed.length > 0 && <p className="hint">{texts.cleaned}</p>}
      <Facts
        of={[
          [
            licenses.one,
            <Link to="/licenses/$id" params={{ id: license.id }}>
              {license.module_name} <span className="faint">{license.id.slice(0, 8)}</span>
            </Link>,
          ],
          [licenses.status, <Status of={license.status} />],
          [licenses.customer, license.customer?.name ?? license.customer_id],
          [licenses.versions, license.allowed_major_versions.join(', ')],
          [licenses.ends, token.expires_at === null ? licenses.never : <Time at={token.expires_at} />],
          [texts.newest, token.is_newest ? general.yes : general.no],
          [texts.superseded, token.superseded_at && <Time at={token.superseded_at} />],
          [texts.revision, token.revision],
          [texts.keyState, texts.keyStates[token.key_state]],
        ]}
      />
    </Section>
  );
}
