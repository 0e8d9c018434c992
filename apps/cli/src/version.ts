export { PRODUCT_VERSION as version } from '@aegis/config';
