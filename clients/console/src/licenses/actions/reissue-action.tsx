import { type ReactNode } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { ActionDialog } from '../../parts/action-dialog';
import { AsCurl } from '../../parts/as-curl';
import { Check, SendForm, TextField } from '../../parts/form';
import { useTexts } from '../../texts/language';
import { useChange } from './use-change';

interface Reissued {
  license: Schemas['LicenseWithCustomer'];
}

/** Gives a license a token with other content. */
export function ReissueAction({ license }: Reissued): ReactNode {
  const { reissue } = useTexts().actions;
  return (
    <ActionDialog action={reissue.action} title={reissue.title} consequence={<p>{reissue.consequence}</p>}>
      {(parts) => <ReissueForm license={license} {...parts} />}
    </ActionDialog>
  );
}

function ReissueForm({
  license,
  done,
  cancel,
}: Reissued & { done: () => void; cancel: ReactNode }): ReactNode {
  const { reissue } = useTexts().actions;
  const { keyFor, changed } = useChange();
  const versions = license.allowed_major_versions.join(', ');
  return (
    <SendForm
      submit={reissue.action}
      fields={['allowed_major_versions', 'instance_fingerprint', 'supersede']}
      extra={cancel}
      send={async (values) => {
        const fingerprint = values.text('instance_fingerprint') ?? null;
        const body = {
          allowed_major_versions: values.list('allowed_major_versions'),
          ...(fingerprint !== license.instance_fingerprint && { instance_fingerprint: fingerprint }),
          supersede: values.isChecked('supersede'),
        };
        const params = { path: { id: license.id }, header: keyFor(body) };
        await answer(api.POST('/api/v1/licenses/{id}/reissue', { params, body }));
        done();
        await changed(reissue.done);
      }}
    >
      <TextField
        name="allowed_major_versions"
        label={reissue.versions}
        hint={reissue.versionsHint}
        defaultValue={versions}
        isRequired
      />
      <TextField
        name="instance_fingerprint"
        label={reissue.fingerprint}
        hint={reissue.fingerprintHint}
        defaultValue={license.instance_fingerprint ?? ''}
      />
      <Check name="supersede" label={reissue.supersede} />
      <AsCurl
        requests={[
          {
            method: 'POST',
            path: `/api/v1/licenses/${license.id}/reissue`,
            body: { allowed_major_versions: license.allowed_major_versions, supersede: false },
          },
        ]}
      />
    </SendForm>
  );
}
