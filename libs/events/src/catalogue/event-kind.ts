import type { EventFields } from './fields';

/** A kind of event: what callers see of it. */
export interface EventKind {
  /** When it happens: a sentence for the catalogue. */
  readonly summary: string;
  /** The fields of its `data`, besides the audit record that proves it. */
  readonly fields: EventFields;
  /** An example of these fields. */
  readonly example: Readonly<Record<string, unknown>>;
}
