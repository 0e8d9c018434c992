/** SQL: this moment, as columns keep it. */
export const NOW = `date_trunc('milliseconds', clock_timestamp())`;

/** SQL: so long an open delivery holds back the next one of its stream, from its first attempt on. */
export const HOLD = `interval '10 minutes'`;
