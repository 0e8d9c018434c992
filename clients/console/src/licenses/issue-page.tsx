import { getRouteApi } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { answer, api, type Schemas } from '../api/client';
import { AsCurl } from '../parts/as-curl';
import { Choice, SendForm, TextArea, TextField, type Values } from '../parts/form';
import { Page } from '../parts/page';
import { Needs } from '../parts/states';
import { oneOf } from '../search';
import { useTexts } from '../texts/language';
import { useChange } from './actions/use-change';
import { CustomerField } from './customer-field';
import { entitlementsIn } from './entitlements';
import { TYPES } from './kinds';

const route = getRouteApi('/licenses/new');
const FIELDS = [
  'customer_id',
  'module_name',
  'allowed_major_versions',
  'license_type',
  'duration_days',
  'grace_days',
  'seats',
  'entitlements',
  'instance_fingerprint',
  'notes',
];
const EXAMPLE = {
  customer_id: 'acme',
  module_name: 'payroll',
  allowed_major_versions: ['17', '18'],
  license_type: 'subscription',
  duration_days: 365,
};

/** Issues a license, and shows it. */
export function IssuePage(): ReactNode {
  const { actions } = useTexts();
  return (
    <Page title={actions.issue.title}>
      <Needs scope="licenses:issue">
        <IssueForm />
        <AsCurl requests={[{ method: 'POST', path: '/api/v1/licenses', body: EXAMPLE }]} />
      </Needs>
    </Page>
  );
}

function IssueForm(): ReactNode {
  const { actions, licenses } = useTexts();
  const { issue, reissue } = actions;
  const { customer_id: customer } = route.useSearch();
  const navigate = route.useNavigate();
  const { keyFor, changed } = useChange();
  const [type, setType] = useState<Schemas['LicenseType']>('subscription');
  const [hasSeats, setHasSeats] = useState(false);
  return (
    <SendForm
      submit={issue.submit}
      fields={FIELDS}
      send={async (values) => {
        const body = bodyOf(values, type);
        const { id } = await answer(api.POST('/api/v1/licenses', { params: { header: keyFor(body) }, body }));
        await navigate({ to: '/licenses/$id', params: { id } });
        await changed(issue.done);
      }}
    >
      <CustomerField hint={issue.customerHint} defaultValue={customer} />
      <TextField name="module_name" label={licenses.module} hint={issue.moduleHint} isRequired />
      <TextField
        name="allowed_major_versions"
        label={licenses.versions}
        hint={issue.versionsHint}
        isRequired
      />
      <Choice
        name="license_type"
        label={licenses.type}
        defaultValue={type}
        onChange={(event) => {
          setType(oneOf(TYPES, event.target.value) ?? 'subscription');
        }}
        options={TYPES.map((one) => [one, licenses.types[one]] as const)}
      />
      {type !== 'perpetual' && (
        <>
          <TextField
            name="duration_days"
            label={issue.days}
            hint={issue.daysHint}
            type="number"
            isRequired={type === 'subscription'}
          />
          <TextField name="grace_days" label={licenses.graceDays} hint={issue.graceHint} type="number" />
        </>
      )}
      <TextField
        name="seats"
        label={issue.seats}
        hint={issue.seatsHint}
        type="number"
        onChange={(event) => {
          setHasSeats(event.target.value !== '');
        }}
      />
      {hasSeats && (
        <Choice
          name="seat_mode"
          label={issue.seatMode}
          options={[
            ['fixed', licenses.seatModes.fixed],
            ['floating', licenses.seatModes.floating],
          ]}
        />
      )}
      <TextArea name="entitlements" label={issue.entitlements} hint={issue.entitlementsHint} />
      <TextField name="instance_fingerprint" label={licenses.bound} hint={reissue.fingerprintHint} />
      <TextArea name="notes" label={licenses.notes} hint={issue.notesHint} />
    </SendForm>
  );
}

function bodyOf(values: Values, type: Schemas['LicenseType']): Schemas['IssueLicense'] {
  const seats = values.number('seats');
  const entitlements = values.text('entitlements');
  const days = values.number('duration_days');
  const grace = values.number('grace_days');
  const fingerprint = values.text('instance_fingerprint');
  const notes = values.text('notes');
  return {
    customer_id: values.text('customer_id') ?? '',
    module_name: values.text('module_name') ?? '',
    allowed_major_versions: values.list('allowed_major_versions'),
    license_type: type,
    ...(days !== undefined && { duration_days: days }),
    ...(grace !== undefined && { grace_days: grace }),
    ...(seats !== undefined && {
      seats: { max: seats, mode: values.text('seat_mode') === 'floating' ? 'floating' : 'fixed' },
    }),
    ...(entitlements !== undefined && { entitlements: entitlementsIn(entitlements) }),
    ...(fingerprint !== undefined && { instance_fingerprint: fingerprint }),
    ...(notes !== undefined && { notes }),
  };
}
