import { type Actor, Caller } from '@aegis/audit';
import { type Precondition } from '@aegis/access';
import { ApiProblems, ETagged, Idempotent, IfMatch, RequireScopes, Responds } from '@aegis/http';
import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { LicenseRenewalService } from '../renew/license-renewal.service';
import type { License } from '../license.entity';
import { ReissueLicenseDto, RenewLicenseDto } from './license-input.dto';
import { licenseTag } from './license-tag';
import { LicenseDto } from './license.dto';
import { LicenseId } from './license-id';

@ApiTags('Licenses')
@Controller('api/v1/licenses/:id')
@RequireScopes('licenses:issue')
export class LicenseRenewalController {
  constructor(private readonly renewal: LicenseRenewalService) {}

  @Post('renew')
  @ApiOperation({ operationId: 'renewLicense', summary: 'Extend a license, with a new token' })
  @ApiProblems('license_not_found', 'license_state_conflict', 'customer_inactive')
  @Idempotent<License>({ customerOf: ({ customer_id }) => customer_id })
  @ETagged(licenseTag)
  @Responds(LicenseDto)
  renew(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() input: RenewLicenseDto,
    @IfMatch(licenseTag) precondition: Precondition<License>,
  ): Promise<License> {
    return this.renewal.renew(actor, id, input, precondition);
  }

  @Post('reissue')
  @ApiOperation({
    operationId: 'reissueLicense',
    summary: 'Sign a new token of a license under the active key',
  })
  @ApiProblems('license_not_found', 'license_state_conflict', 'customer_inactive', 'token_too_large')
  @Idempotent<License>({ customerOf: ({ customer_id }) => customer_id })
  @ETagged(licenseTag)
  @Responds(LicenseDto)
  reissue(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() input: ReissueLicenseDto,
    @IfMatch(licenseTag) precondition: Precondition<License>,
  ): Promise<License> {
    return this.renewal.reissue(actor, id, input, precondition);
  }
}
