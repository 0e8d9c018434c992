import { basename, dirname, join, resolve } from 'node:path';

/** `dist`, or the checkout itself where its sources run. */
const here = resolve(__dirname, '../../../..');
/** The checkout, or what an image or a package contains of it. */
const root = basename(here) === 'dist' ? dirname(here) : here;

/** Where the built console is: written by clients/console/build.mjs. */
export const CONSOLE_BUILD = join(root, 'dist/console');
/** The program that builds it; only a checkout has it. */
export const CONSOLE_BUILDER = join(root, 'clients/console/build.mjs');
