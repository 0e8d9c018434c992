import { type ReactNode, useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { ActionDialog } from '../../parts/action-dialog';
import { AsCurl } from '../../parts/as-curl';
import { Choice, SendForm, TextField, type Values } from '../../parts/form';
import { useTexts } from '../../texts/language';
import { useChange } from './use-change';

interface Renewed {
  license: Schemas['LicenseWithCustomer'];
}

/** Gives a license a later end. */
export function RenewAction({ license }: Renewed): ReactNode {
  const { renew } = useTexts().actions;
  return (
    <ActionDialog action={renew.action} title={renew.title} consequence={<p>{renew.consequence}</p>}>
      {(parts) => <RenewForm license={license} {...parts} />}
    </ActionDialog>
  );
}

function RenewForm({ license, done, cancel }: Renewed & { done: () => void; cancel: ReactNode }): ReactNode {
  const { actions } = useTexts();
  const { renew } = actions;
  const { keyFor, changed } = useChange();
  const [by, setBy] = useState('days');
  return (
    <SendForm
      submit={renew.action}
      fields={['duration_days', 'expires_at']}
      extra={cancel}
      send={async (values) => {
        const body = bodyOf(values, by);
        const params = { path: { id: license.id }, header: keyFor(body) };
        await answer(api.POST('/api/v1/licenses/{id}/renew', { params, body }));
        done();
        await changed(renew.done);
      }}
    >
      <Choice
        name="by"
        label={renew.by}
        defaultValue={by}
        onChange={(event) => {
          setBy(event.target.value);
        }}
        options={[
          ['days', renew.byDays],
          ['date', renew.byDate],
        ]}
      />
      {by === 'days' ? (
        <TextField
          key="days"
          name="duration_days"
          label={renew.days}
          hint={renew.daysHint}
          type="number"
          defaultValue="365"
          isRequired
        />
      ) : (
        <TextField
          key="date"
          name="expires_at"
          label={renew.date}
          hint={renew.dateHint}
          type="datetime-local"
          isRequired
        />
      )}
      <AsCurl
        requests={[
          { method: 'POST', path: `/api/v1/licenses/${license.id}/renew`, body: { duration_days: 365 } },
        ]}
      />
    </SendForm>
  );
}

function bodyOf(values: Values, by: string): Schemas['RenewLicense'] {
  if (by === 'days') return { duration_days: values.number('duration_days') };
  const text = values.text('expires_at');
  const time = new Date(text ?? '');
  return { expires_at: Number.isNaN(time.getTime()) ? text : time.toISOString() };
}
