export { CustomerList } from './customer-list';
export { Customer } from './customer.entity';
export { CustomersHttpModule } from './customers-http.module';
export { CustomerExists, CustomerInactive, CustomerNotFound } from './customers.errors';
export { CustomersModule } from './customers.module';
export { CustomersService, similarIdWarning } from './customers.service';
export type { CreateCustomer, CustomerDetails, SimilarIds, UpdateCustomer } from './customers.service';
export { CustomerDto } from './http/customer.dto';
export { customerTag } from './http/customer-tag';
