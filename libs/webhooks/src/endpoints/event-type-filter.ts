import { EVENT_NAMES } from '@aegis/events';

const GROUPS = [...new Set(EVENT_NAMES.map((name) => `${name.split('.', 1)[0] ?? name}.*`))];

/** What an endpoint's `event_types` may have: types of the catalogue, and `license.*` for all of a group, also later ones. */
export const EVENT_TYPE_FILTERS: readonly string[] = [...EVENT_NAMES, ...GROUPS];
