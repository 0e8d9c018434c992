import { type Actor, Caller } from '@aegis/audit';
import { type Precondition } from '@aegis/access';
import {
  answerList,
  ApiProblems,
  Creates,
  ETagged,
  HasIdempotencyKey,
  Idempotent,
  IfMatch,
  IfNoneMatch,
  Public,
  RequireScopes,
  Responds,
  RespondsAsIs,
} from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { Body, Controller, Get, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { LicenseList } from '../license-list';
import type { License } from '../license.entity';
import { LicenseNotFound } from '../licensing.errors';
import { LicensingService, type LicenseStatusNow } from '../issue/licensing.service';
import { type InspectedToken, TokenInspection } from '../validate/token-inspection.service';
import { InspectedLicenseDto } from './inspected-license.dto';
import { InspectTokenDto, IssueLicenseDto, UpdateLicenseDto } from './license-input.dto';
import { LicenseDto, LicenseStatusAnswerDto, LicenseSummaryDto, LicenseWithCustomerDto } from './license.dto';
import { licenseTag } from './license-tag';
import { LicensePageDto, ListLicensesDto } from './license-list.dto';
import { LicenseId } from './license-id';

/** RFC 6266. */
const DISPOSITION_HEADER = {
  'Content-Disposition': { description: 'attachment, with a file name', schema: { type: 'string' } },
} as const;

@ApiTags('Licenses')
@Controller('api/v1/licenses')
export class LicensesController {
  constructor(
    private readonly licensing: LicensingService,
    private readonly list: LicenseList,
    private readonly inspection: TokenInspection,
  ) {}

  @Post()
  @RequireScopes('licenses:issue')
  @ApiOperation({ operationId: 'issueLicense', summary: 'Issue a license' })
  @ApiProblems('customer_not_found', 'customer_inactive', 'token_too_large')
  @Idempotent<License>({ customerOf: ({ customer_id }) => customer_id })
  @Creates(({ id }: License) => `/api/v1/licenses/${id}`)
  @ETagged(licenseTag)
  @Responds(LicenseDto, { status: 201, description: 'Issued' })
  issue(
    @Caller() actor: Actor,
    @Body() input: IssueLicenseDto,
    @HasIdempotencyKey() alone: boolean,
  ): Promise<License> {
    return this.licensing.issue(actor, input, { alone });
  }

  @Get()
  @RequireScopes('licenses:read')
  @ApiOperation({ operationId: 'listLicenses', summary: 'List licenses, newest first, without their tokens' })
  @Responds(LicensePageDto, { alsoOffers: STREAM_TYPES })
  page(@Query() query: ListLicensesDto, @Req() request: Request): Promise<object> {
    return answerList(request, 'licenses', query, this.list.source(query), LicenseSummaryDto);
  }

  @Get(':id')
  @RequireScopes('licenses:read')
  @ApiOperation({ operationId: 'getLicense', summary: 'Read a license with its token and customer' })
  @ApiProblems('license_not_found')
  @IfNoneMatch()
  @ETagged(licenseTag)
  @Responds(LicenseWithCustomerDto)
  find(@LicenseId() id: string): Promise<License> {
    return this.licensing.find(id);
  }

  @Get(':id/status')
  @Public({ anyOrigin: true })
  @ApiOperation({
    operationId: 'getLicenseStatus',
    summary: 'Status of a license, and whether its newest token is valid; nothing personal',
  })
  @ApiProblems('license_not_found')
  @Responds(LicenseStatusAnswerDto)
  status(@LicenseId() id: string): Promise<LicenseStatusNow> {
    return this.licensing.status(id);
  }

  @Get(':id/token')
  @RequireScopes('licenses:read')
  @ApiOperation({ operationId: 'downloadLicenseToken', summary: 'The newest token, as a file to send' })
  @ApiProblems('license_not_found')
  @RespondsAsIs('text/plain; charset=utf-8', { description: 'The token', headers: DISPOSITION_HEADER })
  async token(@LicenseId() id: string, @Res({ passthrough: true }) response: Response): Promise<string> {
    const { token } = await this.licensing.find(id);
    if (token === null) throw new LicenseNotFound(id);
    response.setHeader('Content-Disposition', `attachment; filename="${id}.jwt"`);
    return token;
  }

  @Patch(':id')
  @RequireScopes('licenses:issue')
  @ApiOperation({
    operationId: 'updateLicense',
    summary: 'Change the notes of a license; everything else needs a new token',
  })
  @ApiProblems('license_not_found')
  @ETagged(licenseTag)
  @Responds(LicenseDto)
  annotate(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() input: UpdateLicenseDto,
    @IfMatch(licenseTag) precondition: Precondition<License>,
  ): Promise<License> {
    return this.licensing.annotate(actor, id, input.notes, precondition);
  }

  @Post('inspect')
  @RequireScopes('licenses:read')
  @ApiOperation({
    operationId: 'inspectToken',
    summary: 'The license that a pasted token belongs to, and the state of that token',
    description:
      'Characters that copying added are removed first, and named: white space, quotes, `Bearer`, invisible characters, soft line breaks, a frame as in PEM. If the rest is not a token, the answer is 422 with the reason; for a token that is not on record, 404.',
  })
  @ApiProblems('license_not_found')
  @Responds(InspectedLicenseDto)
  inspect(@Body() input: InspectTokenDto): Promise<License & { inspected: InspectedToken }> {
    return this.inspection.inspect(input.token);
  }
}
