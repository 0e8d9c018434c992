import type { Schemas } from '../api/client';

/** What to do about each verdict. */
export type Advice = Readonly<Record<Schemas['VerdictCode'], string>>;
