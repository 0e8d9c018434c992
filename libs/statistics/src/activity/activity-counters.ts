import { SERVER_VERDICT_CODES } from '@aegis/license-token';
import { LICENSE_CHANGES } from '@aegis/licensing';
import { ADMISSION_RESULTS } from '@aegis/activations';

/** One kind of activity: the counter of the process that counts it, and the values of its label. */
interface ActivityKind {
  /** Name of the counter, as in docs/metrics.md. */
  metric: string;
  label: string;
  values: readonly string[];
}

/** What is kept by the hour: each kind is one of the process's counters, by its label. */
export const ACTIVITY = {
  verdicts: { metric: 'aegis_verdicts_total', label: 'code', values: SERVER_VERDICT_CODES },
  licenses: { metric: 'aegis_license_changes_total', label: 'change', values: LICENSE_CHANGES },
  admissions: { metric: 'aegis_admissions_total', label: 'result', values: ADMISSION_RESULTS },
} as const satisfies Record<string, ActivityKind>;

export type Activity = keyof typeof ACTIVITY;
export const ACTIVITIES = Object.keys(ACTIVITY) as Activity[];

/** The most seats that were in use at once, of those moments at which they were counted. */
export const SEATS_IN_USE = 'seats.in_use';

/** The name of a counter in the table. */
export function counterOf(activity: Activity, value: string): string {
  return `${activity}.${value}`;
}
