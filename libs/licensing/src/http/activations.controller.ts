import {
  ActivateDto,
  ActivationHolderDto,
  ActivationResultsDto,
  AnActivationId,
  HeartbeatDto,
  HeartbeatsDto,
  HeldActivationDto,
  InspectedRequestDto,
  InspectRequestDto,
} from '@aegis-http/activations';
import type { HeldActivation } from '@aegis/activations';
import { type Actor, Caller } from '@aegis/audit';
import { InvalidInput } from '@aegis/errors';
import {
  ApiProblems,
  BodyLimit,
  NoStore,
  Public,
  RateLimiter,
  RequireScopes,
  Responds,
  RespondsNothing,
} from '@aegis/http';
import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Response } from 'express';
import { ActivationsService } from '../activate/activations.service';
import { type InspectedRequest, OfflineRequestInspection } from '../activate/offline-request-inspection';
import { type HeartbeatResult, LicenseActivations } from '../activate/license-activations.service';

const MOST_TOKENS = 100;

@ApiTags('Activations')
@Controller('api/v1/activations')
export class ActivationsController {
  constructor(
    private readonly activations: ActivationsService,
    private readonly ofLicenses: LicenseActivations,
    private readonly offlineRequests: OfflineRequestInspection,
    private readonly limiter: RateLimiter,
  ) {}

  @Post()
  @Public({ group: 'activations', anyOrigin: true })
  @NoStore()
  @ApiOperation({
    operationId: 'activateInstallation',
    summary: 'Ask for a seat of a license; again, the seat that it holds is renewed',
    description:
      'The credential is the license token. A request that was not answered can be repeated: a fingerprint never holds two seats. `Idempotency-Key` is ignored.',
  })
  @ApiProblems(
    'license_not_valid',
    'seats_exhausted',
    'moves_exhausted',
    'seats_not_counted',
    'outcome_unknown',
  )
  @ApiResponse({
    status: 200,
    description: 'The fingerprint held a seat; its lease is renewed',
    content: { 'application/json': { schema: { $ref: getSchemaPath(HeldActivationDto) } } },
  })
  @Responds(HeldActivationDto, { status: 201, description: 'Admitted' })
  async activate(
    @Caller() actor: Actor,
    @Body() input: ActivateDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<HeldActivation> {
    const charge = (licenseId: string): Promise<void> => this.limiter.chargeAdmission(response, licenseId);
    const { isNew, ...held } = await this.activations.activate(actor, input, charge);
    if (!isNew) response.status(200);
    return held;
  }

  @Post('heartbeats')
  @RequireScopes('activations:manage')
  @BodyLimit(2 * 1024 * 1024)
  @HttpCode(200)
  @ApiOperation({
    operationId: 'renewActivations',
    summary: 'Renew the leases of up to 1,000 activations; answers in their order',
    description:
      'For a service that speaks for installations without the internet. The items are charged to a limit of the key (policy `batch-items`). One item that is refused does not refuse the others.',
  })
  @NoStore()
  @Responds(ActivationResultsDto)
  async heartbeats(
    @Caller() actor: Actor,
    @Body() { items, with_token = false }: HeartbeatsDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ results: object[] }> {
    if (with_token && items.length > MOST_TOKENS)
      throw new InvalidInput([
        { field: 'items', message: `must contain no more than ${MOST_TOKENS} elements with \`with_token\`` },
      ]);
    await this.limiter.chargeBatch(response, items.length);
    const results = await this.ofLicenses.renewMany(actor, items, with_token);
    return { results: results.map(answered) };
  }

  @Post('inspect')
  @RequireScopes('activations:read')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'inspectOfflineRequest',
    summary: 'What an offline request says, and what an activation by it would answer; changes nothing',
  })
  @Responds(InspectedRequestDto)
  inspect(@Body() { request }: InspectRequestDto): Promise<InspectedRequest> {
    return this.offlineRequests.inspect(request);
  }

  @Post(':id/heartbeat')
  @Public({ group: 'activations', anyOrigin: true })
  @NoStore()
  @ApiOperation({
    operationId: 'renewActivation',
    summary: 'Renew the lease of a seat',
    description:
      'After `heartbeat_after` seconds, give or take a random tenth. Where nothing can be signed at the moment, the lease is renewed and `token` is null.',
  })
  @ApiProblems('license_not_valid', 'activation_not_found', 'activation_ended')
  @Responds(HeldActivationDto)
  heartbeat(
    @Caller() actor: Actor,
    @AnActivationId() id: string,
    @Body() { with_token = true, ...holder }: HeartbeatDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<HeldActivation> {
    return this.activations.heartbeat(actor, id, holder, with_token, this.chargeOf(response));
  }

  @Post(':id/release')
  @Public({ group: 'activations', anyOrigin: true })
  @ApiOperation({
    operationId: 'releaseActivation',
    summary: 'Give a seat back; 204 also the second time, and whatever the state of the license',
  })
  @ApiProblems('license_not_valid', 'activation_not_found', 'activation_offline', 'outcome_unknown')
  @RespondsNothing('Released')
  release(
    @Caller() actor: Actor,
    @AnActivationId() id: string,
    @Body() holder: ActivationHolderDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    return this.activations.release(actor, id, holder, this.chargeOf(response));
  }

  private chargeOf(response: Response): (activationId: string) => Promise<void> {
    return (activationId) => this.limiter.chargeActivation(response, activationId);
  }
}

function answered({ activation, error }: HeartbeatResult): object {
  return {
    activation,
    error: error && { ...error.members, code: error.code, detail: error.message },
  };
}
