import type { ListSource } from '@aegis/lists';
import type { DataSource } from 'typeorm';
import { Activation } from './activation.entity';

/** Which activations of a license a list has. */
export const ACTIVATION_STATES = ['live', 'ended'] as const;

export type ActivationState = (typeof ACTIVATION_STATES)[number];

/** Stands still within a statement. */
const IS_LIVE = `activation.ended_at IS NULL
  AND (activation.lease_ends_at IS NULL OR activation.lease_ends_at > statement_timestamp())`;

/**
 * The activations of a license, the latest admission first.
 * @param state all of them unless given
 */
export function activationList(
  dataSource: DataSource,
  licenseId: string,
  state?: ActivationState,
): ListSource<Activation> {
  const rows = dataSource.manager
    .createQueryBuilder(Activation, 'activation')
    .where('activation.license_id = :licenseId', { licenseId });
  if (state !== undefined) rows.andWhere(state === 'live' ? IS_LIVE : `NOT (${IS_LIVE})`);
  return {
    rows,
    order: {
      keys: [
        {
          expression: 'activation.admitted_at',
          kind: 'timestamp',
          type: 'timestamptz',
          of: ({ admitted_at }) => admitted_at.toISOString(),
        },
        { expression: 'activation.id', kind: 'uuid', type: 'uuid', of: ({ id }) => id },
      ],
      direction: 'DESC',
    },
    list: { licenseId, ...(state !== undefined && { state }) },
  };
}
