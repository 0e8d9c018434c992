import type { ReactNode } from 'react';
import type { Schemas } from '../api/client';
import { CopyButton } from '../parts/copy-button';
import { Section } from '../parts/facts';
import { useTexts } from '../texts/language';

/** The newest token of a license, to copy or to keep as a file. */
export function TokenSection({ license }: { license: Schemas['LicenseWithCustomer'] }): ReactNode {
  const { licenses: texts } = useTexts();
  const { token } = license;
  if (token === null)
    return (
      <Section title={texts.token}>
        <p>{texts.noToken}</p>
      </Section>
    );
  return (
    <Section title={texts.token}>
      <p className="hint">{texts.tokenNote}</p>
      <pre className="token" tabIndex={0} aria-label={texts.token}>
        {token}
      </pre>
      <div className="buttons">
        <CopyButton text={token} />
        <button
          type="button"
          className="button"
          onClick={() => {
            download(`${license.customer_id}-${license.module_name}-${license.id.slice(0, 8)}.jwt`, token);
          }}
        >
          {texts.download}
        </button>
      </div>
    </Section>
  );
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/jwt' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
