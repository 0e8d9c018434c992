export { ActivationPlaces } from './activation-places';
export { StatusListIssuer } from './status-list-issuer';
export { placeIn, statusListUri } from './status-list-uri';
export { StatusListsModule } from './status-lists.module';
export type { StatusPlace } from './status-places';
export { openStatusPlaces, STATUS_LIST_SIZE, StatusPlaces } from './status-places';
