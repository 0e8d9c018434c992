import type { EventKind } from './event-kind';
import {
  FLAG,
  given,
  LICENSE,
  MOMENT,
  oneOf,
  optionally,
  orNull,
  UUID_TEXT,
  WHOLE,
  ITS_CUSTOMER,
} from './fields';

const ID = {
  license_id: '4f8a2c1e-7b3d-4e5f-9a6b-1c2d3e4f5a6b',
  customer_id: 'acme',
  module_name: 'inventory',
};
const ACTIVATION_ID = given(UUID_TEXT, 'activation_id', 'The activation');
const ACTIVATION = { ...LICENSE, activation_id: ACTIVATION_ID };
const EXAMPLE = { ...ID, activation_id: '0b9d6f0e-3c1a-4d2b-8e7f-5a6b7c8d9e0f' };
const ENDED_AT = given(MOMENT, 'ended_at', 'When it ended');
const MOMENT_EXAMPLE = '2026-11-29T12:00:00.000Z';

/** Events of activations. Heartbeats make no event. */
export const ACTIVATION_KINDS = {
  'activation.admitted': {
    summary: 'An installation got a seat.',
    fields: {
      ...ACTIVATION,
      mode: given(oneOf('fixed', 'floating'), 'mode', 'How the license’s seats are held'),
      over: given(FLAG, 'over', 'Whether it is above the number of seats, within the overage'),
      fence: given(WHOLE, 'fence', 'A number that grows with each admission of the license'),
      taken_over: optionally(
        given(orNull(UUID_TEXT), 'taken_over', 'The activation that lost its seat for it'),
      ),
    },
    example: { ...EXAMPLE, mode: 'floating', over: false, fence: 1796040000000 },
  },
  'activation.refused': {
    summary: 'An installation got no seat; the first time for a license and hour.',
    fields: {
      ...LICENSE,
      code: given(oneOf('seats_exhausted', 'moves_exhausted'), 'code', 'Why'),
      limit: given(WHOLE, 'limit', 'How many are allowed'),
      in_use: given(WHOLE, 'in_use', 'How many there were'),
    },
    example: { ...ID, code: 'seats_exhausted', limit: 5, in_use: 5 },
  },
  'activation.released': {
    summary: 'An installation gave its seat back.',
    fields: { ...ACTIVATION, ended_at: ENDED_AT },
    example: { ...EXAMPLE, ended_at: MOMENT_EXAMPLE },
  },
  'activation.lapsed': {
    summary:
      'The lease of an activation was over. It is reported when the server finds it, which can be long after; `ended_at` is the true end.',
    fields: { ...ACTIVATION, ended_at: ENDED_AT },
    example: { ...EXAMPLE, ended_at: MOMENT_EXAMPLE },
  },
  'activation.ended': {
    summary:
      'The vendor ended an activation; or all of them ended, since seats are no longer counted or the customer was removed: then `count` says how many.',
    fields: {
      license_id: optionally(LICENSE.license_id),
      customer_id: ITS_CUSTOMER,
      module_name: optionally(LICENSE.module_name),
      activation_id: optionally(ACTIVATION_ID),
      ended_at: optionally(ENDED_AT),
      ended_by: given(oneOf('ended', 'customer_removed'), 'ended_by', 'What ended it'),
      count: optionally(given(WHOLE, 'count', 'How many ended, where all did')),
      lapsed: optionally(given(WHOLE, 'lapsed', 'How many of them had ended by their lease before')),
    },
    example: { ...EXAMPLE, ended_at: MOMENT_EXAMPLE, ended_by: 'ended' },
  },
  'activation.taken_over': {
    summary: 'An activation lost its seat to another one.',
    fields: ACTIVATION,
    example: EXAMPLE,
  },
  'activation.file_made': {
    summary: 'An activation got an offline file, which holds its seat.',
    fields: {
      ...ACTIVATION,
      offline_until: given(MOMENT, 'offline_until', 'Until when the file counts'),
    },
    example: { ...EXAMPLE, offline_until: '2026-12-29T12:00:00.000Z' },
  },
} as const satisfies Readonly<Record<string, EventKind>>;
