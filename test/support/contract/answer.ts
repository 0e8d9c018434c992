/** An answer with its body read: JSON where it is JSON, else text. */
export interface Answer {
  status: number;
  headers: Headers;
  // What a body holds is for each test to say.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}
