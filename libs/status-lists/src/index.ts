export { StatusListIssuer } from './status-list-issuer';
export { statusListUri } from './status-list-uri';
export { StatusListsModule } from './status-lists.module';
export type { StatusPlace } from './status-places';
export { StatusPlaces } from './status-places';
