import { answerList, ApiProblems, PageQueryDto, RequireScopes, Responds } from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { AuditList, AuditLogDto, AuditLogPageDto } from '@aegis-http/audit';
import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { LicensingService } from '../issue/licensing.service';
import { LicenseId } from './license-id';

@ApiTags('Licenses')
@Controller('api/v1/licenses/:id/history')
export class LicenseHistoryController {
  constructor(
    private readonly licenses: LicensingService,
    private readonly records: AuditList,
  ) {}

  @Get()
  @RequireScopes('audit:read')
  @ApiOperation({
    operationId: 'getLicenseHistory',
    summary: 'List the audit records of one license, newest first',
  })
  @ApiProblems('license_not_found')
  @Responds(AuditLogPageDto, { alsoOffers: STREAM_TYPES })
  async page(
    @LicenseId() id: string,
    @Query() query: PageQueryDto,
    @Req() request: Request,
  ): Promise<object> {
    await this.licenses.find(id);
    const { page, page_size, cursor } = query;
    const records = this.records.source({ page, page_size, cursor, license_id: id });
    return answerList(request, 'audit_logs', query, records, AuditLogDto);
  }
}
