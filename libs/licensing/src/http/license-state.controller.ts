import { type Actor, Caller } from '@aegis/audit';
import { type Precondition } from '@aegis/access';
import { ApiProblems, ETagged, Idempotent, IfMatch, RequireScopes, Responds } from '@aegis/http';
import { applyDecorators, Body, Controller, Delete, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { LicenseStateService } from '../state/license-state.service';
import type { License } from '../license.entity';
import { ReasonDto } from './license-input.dto';
import { licenseTag } from './license-tag';
import { LicenseDto } from './license.dto';
import { LicenseId } from './license-id';

/** What all of these routes have in common. */
function ChangesState(operationId: string, summary: string): MethodDecorator {
  return applyDecorators(
    RequireScopes('licenses:revoke'),
    ApiOperation({ operationId, summary }),
    ApiProblems('license_not_found'),
    ApiProblems('license_state_conflict'),
    Idempotent<License>({ customerOf: ({ customer_id }) => customer_id }),
    ETagged(licenseTag),
    Responds(LicenseDto),
  );
}

@ApiTags('Licenses')
@Controller('api/v1/licenses/:id')
export class LicenseStateController {
  constructor(private readonly states: LicenseStateService) {}

  @Delete('revoke')
  @ChangesState('revokeLicense', 'Revoke a license permanently')
  revoke(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() input: ReasonDto,
    @IfMatch(licenseTag) precondition: Precondition<License>,
  ): Promise<License> {
    return this.states.revoke(actor, id, input.reason, precondition);
  }

  @Post('revoke')
  @ChangesState(
    'revokeLicenseByPost',
    'Revoke a license permanently (some proxies drop the body of a DELETE)',
  )
  revokeByPost(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() input: ReasonDto,
    @IfMatch(licenseTag) precondition: Precondition<License>,
  ): Promise<License> {
    return this.states.revoke(actor, id, input.reason, precondition);
  }

  @Post('suspend')
  @ChangesState('suspendLicense', 'Suspend a license until it is reinstated')
  suspend(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() input: ReasonDto,
    @IfMatch(licenseTag) precondition: Precondition<License>,
  ): Promise<License> {
    return this.states.suspend(actor, id, input.reason, precondition);
  }

  @Post('reinstate')
  @ChangesState('reinstateLicense', 'End the suspension of a license')
  reinstate(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() input: ReasonDto,
    @IfMatch(licenseTag) precondition: Precondition<License>,
  ): Promise<License> {
    return this.states.reinstate(actor, id, input.reason, precondition);
  }
}
