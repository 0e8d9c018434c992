import { AuditModule } from '@aegis/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CustomerList } from './customer-list';
import { Customer } from './customer.entity';
import { CustomersService } from './customers.service';

@Module({
  imports: [TypeOrmModule.forFeature([Customer]), AuditModule],
  providers: [CustomerList, CustomersService],
  exports: [CustomerList, CustomersService],
})
export class CustomersModule {}
