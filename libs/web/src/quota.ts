/** A limit of the contract and how far one bucket has used it up. */
export interface Quota {
  /** Name of the limit in the headers. */
  policy: string;
  limit: number;
  remaining: number;
  resetSeconds: number;
  exceeded: boolean;
}
