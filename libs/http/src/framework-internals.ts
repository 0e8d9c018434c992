import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';

/** Where Nest keeps which arguments of a handler come from where. */
export { ROUTE_ARGS_METADATA };
