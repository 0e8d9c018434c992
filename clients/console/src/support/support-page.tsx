import { type ReactNode, useState } from 'react';
import { answer, api, type Schemas } from '../api/client';
import { ProblemError } from '../api/problem';
import type { ShownRequest } from '../api/curl';
import { AsCurl } from '../parts/as-curl';
import { SendForm, TextArea, TextField, type Values } from '../parts/form';
import { Page } from '../parts/page';
import { Needs } from '../parts/states';
import { useTexts } from '../texts/language';
import { Inspected } from './inspected';
import { VerdictNote } from './verdict-note';

interface Found {
  inspected?: Schemas['InspectedLicense'];
  /** Why the token is not on record. */
  refused?: string;
  verdict?: Schemas['Verdict'];
  requests: ShownRequest[];
}

/** What a pasted token says, what an installation gets for it, and what to do about it. The token is kept nowhere. */
export function SupportPage(): ReactNode {
  const { support: texts } = useTexts();
  const [found, setFound] = useState<Found>();
  return (
    <Page title={texts.title}>
      <Needs scope="licenses:read">
        <p>{texts.intro}</p>
        <SendForm
          submit={texts.check}
          fields={['token', 'module_name', 'version', 'instance_db_uuid', 'instance_domain']}
          send={async (values) => {
            setFound(undefined);
            setFound(await lookAt(values));
          }}
        >
          <TextArea name="token" label={texts.token} hint={texts.tokenHint} rows={6} isRequired />
          <div className="grid">
            <TextField name="module_name" label={texts.module} hint={texts.moduleHint} />
            <TextField name="version" label={texts.version} />
            <TextField name="instance_db_uuid" label={texts.database} hint={texts.databaseHint} />
            <TextField name="instance_domain" label={texts.domain} />
          </div>
        </SendForm>
        <div aria-live="polite">
          {found?.verdict !== undefined && <VerdictNote verdict={found.verdict} />}
          {found !== undefined && found.verdict === undefined && <p className="note">{texts.askMore}</p>}
          {found?.refused !== undefined && (
            <div className="note bad">
              <p className="strong">{texts.refusedTitle}</p>
              <p>{found.refused}</p>
            </div>
          )}
          {found?.inspected !== undefined && <Inspected license={found.inspected} />}
        </div>
        {found !== undefined && <AsCurl requests={found.requests} />}
      </Needs>
    </Page>
  );
}

async function lookAt(values: Values): Promise<Found> {
  const token = values.text('token') ?? '';
  const requests: ShownRequest[] = [{ method: 'POST', path: '/api/v1/licenses/inspect', body: { token } }];
  const found: Found = { requests };
  try {
    found.inspected = await answer(api.POST('/api/v1/licenses/inspect', { body: { token } }));
  } catch (error) {
    // The detail says which check failed: damaged, edited, or of another server.
    if (!(error instanceof ProblemError) || ![404, 409, 422].includes(error.problem.status)) throw error;
    found.refused = error.problem.errors?.[0]?.message ?? error.problem.detail;
  }
  const module = values.text('module_name');
  const version = values.text('version');
  if (module === undefined || version === undefined) return found;
  const body = {
    token,
    module_name: module,
    version,
    instance_db_uuid: values.text('instance_db_uuid') ?? null,
    instance_domain: values.text('instance_domain') ?? null,
  };
  requests.push({ method: 'POST', path: '/api/v1/licenses/validate', body });
  found.verdict = await answer(api.POST('/api/v1/licenses/validate', { body }));
  return found;
}
