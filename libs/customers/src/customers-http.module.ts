import { JobsModule } from '@aegis/jobs';
import { Module } from '@nestjs/common';
import { CustomersModule } from './customers.module';
import { CustomersController } from './http/customers.controller';
import { UnfoldedCustomers } from './unfolded-customers';

@Module({
  imports: [CustomersModule, JobsModule],
  providers: [UnfoldedCustomers],
  controllers: [CustomersController],
})
export class CustomersHttpModule {}
