import { answerList, RequireScopes, Responds } from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { AuditList } from '../audit-list';
import { AuditLogDto, AuditLogPageDto, ListAuditLogsDto } from './audit-log.dto';

@ApiTags('Admin')
@Controller('api/v1/admin/audit-logs')
export class AuditLogsController {
  constructor(private readonly list: AuditList) {}

  @Get()
  @RequireScopes('audit:read')
  @ApiOperation({ operationId: 'listAuditLogs', summary: 'List audit records, newest first' })
  @Responds(AuditLogPageDto, { alsoOffers: STREAM_TYPES })
  page(@Query() query: ListAuditLogsDto, @Req() request: Request): Promise<object> {
    return answerList(request, 'audit_logs', query, this.list.source(query), AuditLogDto);
  }
}
