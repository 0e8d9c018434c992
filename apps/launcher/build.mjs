import './node-version.mjs';
import { prepare } from './preparation/prepare.mjs';

await prepare({ withTools: true });
