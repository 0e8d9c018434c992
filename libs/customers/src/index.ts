export { Customer } from './customer.entity';
export { foldCustomers } from './customer-search';
export { CustomerInactive } from './customers.errors';
export { CustomersModule } from './customers.module';
export type { CreateCustomer } from './customers.service';
export { CustomersService, similarIdWarning } from './customers.service';
