import { useQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client';
import { Loaded } from '../parts/states';
import { Table } from '../parts/table';
import { Time } from '../parts/time';
import { useTexts } from '../texts/language';

/** How many seats a license has, and which installations hold them. */
export function Activations({ license }: { license: Schemas['LicenseWithCustomer'] }): ReactNode {
  const { licenses: texts } = useTexts();
  if (license.seats === null) return <p>{texts.seatsNotCounted}</p>;
  return <Counted id={license.id} />;
}

function Counted({ id }: { id: string }): ReactNode {
  const { licenses: texts } = useTexts();
  const path = { id };
  const seats = useQuery({
    queryKey: ['license', id, 'seats'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/licenses/{id}/seats', { params: { path }, signal })),
  });
  const holders = useQuery({
    queryKey: ['license', id, 'activations'],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/licenses/{id}/activations', {
          params: { path, query: { state: 'live', page_size: 100 } },
          signal,
        }),
      ),
  });
  return (
    <>
      <Loaded query={seats}>
        {({ max, in_use: used, mode }) => (
          <p>
            {texts.seatsUsed(used, max)} ({texts.seatModes[mode]})
          </p>
        )}
      </Loaded>
      <Loaded query={holders}>
        {({ activations }) =>
          activations.length === 0 ? (
            <p>{texts.activationsEmpty}</p>
          ) : (
            <Table
              caption={texts.activations}
              columns={[texts.installation, texts.lastSeen, texts.leaseEnds]}
              rows={activations.map((one) => ({
                key: one.id,
                cells: [
                  <span className="wrap">{one.name ?? one.fingerprint_prefix}</span>,
                  <Time at={one.last_seen_at} />,
                  one.lease_ends_at === null ? texts.never : <Time at={one.lease_ends_at} />,
                ],
              }))}
            />
          )
        }
      </Loaded>
    </>
  );
}
