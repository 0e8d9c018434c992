import { type ReactNode } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { ActionDialog } from '../../parts/action-dialog';
import { AsCurl } from '../../parts/as-curl';
import { SendForm, TextArea } from '../../parts/form';
import { useTexts } from '../../texts/language';
import { useChange } from './use-change';

type Kind = 'suspend' | 'reinstate' | 'revoke';

interface Changed {
  license: Schemas['LicenseWithCustomer'];
  kind: Kind;
}

/** Suspends, reinstates or revokes a license, for a reason; the dialog says of which license, and what follows. */
export function ReasonAction({ license, kind }: Changed): ReactNode {
  const { actions } = useTexts();
  const { action, title, consequence } = actions[kind];
  return (
    <ActionDialog
      action={action}
      title={title}
      isFinal={kind === 'revoke'}
      consequence={
        <>
          <p className="strong">
            {actions.revoke.named(license.module_name, license.customer?.name ?? license.customer_id)}
          </p>
          <p>{consequence}</p>
        </>
      }
    >
      {(parts) => <ReasonForm license={license} kind={kind} {...parts} />}
    </ActionDialog>
  );
}

function ReasonForm({
  license,
  kind,
  done,
  cancel,
}: Changed & { done: () => void; cancel: ReactNode }): ReactNode {
  const { actions } = useTexts();
  const { keyFor, changed } = useChange();
  const path = `/api/v1/licenses/{id}/${kind}` as const;
  return (
    <SendForm
      submit={actions[kind].action}
      tone={kind === 'revoke' ? 'danger' : 'primary'}
      fields={['reason']}
      extra={cancel}
      send={async (values) => {
        const body = { reason: values.text('reason') ?? '' };
        const params = { path: { id: license.id }, header: keyFor(body) };
        await answer(api.POST(path, { params, body }));
        done();
        await changed(actions[kind].done);
      }}
    >
      <TextArea name="reason" label={actions.reason} hint={actions.reasonHint} isRequired />
      <AsCurl
        requests={[
          { method: 'POST', path: path.replace('{id}', license.id), body: { reason: `<${actions.reason}>` } },
        ]}
      />
    </SendForm>
  );
}
