import type { en } from './en';

/** Every text of the console, in one language: a text that a language lacks does not compile. */
export type Texts = typeof en;
