import { RequireScopes, Responds } from '@aegis/http';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ActivitySeries, type Series } from '../activity/activity-series';
import { type SeatStatistics, SeatStatisticsService } from '../seat-statistics.service';
import { type Statistics, StatisticsService } from '../statistics.service';
import { SeatStatisticsDto, SeatStatisticsQueryDto } from './seat-statistics.dto';
import { SeriesDto, SeriesQueryDto } from './series.dto';
import { StatisticsDto } from './statistics.dto';

@ApiTags('Admin')
@Controller('api/v1/admin/stats')
export class StatisticsController {
  constructor(
    private readonly statistics: StatisticsService,
    private readonly seatStatistics: SeatStatisticsService,
    private readonly activity: ActivitySeries,
  ) {}

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

  @Get('seats')
  @RequireScopes('stats:read')
  @ApiOperation({
    operationId: 'getSeatStats',
    summary: 'Seats that are taken now, and admissions, refusals and the peak of the last 30 days',
  })
  @Responds(SeatStatisticsDto)
  seats(@Query() { license_id }: SeatStatisticsQueryDto): Promise<SeatStatistics> {
    return this.seatStatistics.read(license_id ?? null);
  }

  @Get('series')
  @RequireScopes('stats:read')
  @ApiOperation({
    operationId: 'getStatsSeries',
    summary: 'Verdicts, changes of licenses, admissions and seats over time, by day or hour (UTC)',
  })
  @Responds(SeriesDto)
  series(@Query() query: SeriesQueryDto): Promise<Series> {
    return this.activity.read(query);
  }
}
