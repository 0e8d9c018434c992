export { CustomersHttpModule } from './customers-http.module';
export { customerTag } from './http/customer-tag';
export { CustomerDto } from './http/customer.dto';
