import { RequireScopes, Responds } from '@aegis/http';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Statistics, StatisticsService } from '../statistics.service';
import { StatisticsDto } from './statistics.dto';

@ApiTags('Admin')
@Controller('api/v1/admin/stats')
export class StatisticsController {
  constructor(private readonly statistics: StatisticsService) {}

  @Get()
  @RequireScopes('stats:read')
  @ApiOperation({
    operationId: 'getStats',
    summary: 'Count customers, licenses, validations and audit records',
  })
  @Responds(StatisticsDto)
  read(): Promise<Statistics> {
    return this.statistics.read();
  }
}
