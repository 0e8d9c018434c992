import { OfflineActivationDto, OfflineRequestDto } from '@aegis-http/activations';
import { type Actor, Caller } from '@aegis/audit';
import { ApiProblems, NoStore, RequireScopes, Responds } from '@aegis/http';
import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type OfflineActivation, OfflineActivations } from '../activate/offline-activations';
import { LicenseId } from './license-id';

@ApiTags('Activations')
@Controller('api/v1/licenses/:id/activations/offline')
export class OfflineActivationsController {
  constructor(private readonly offline: OfflineActivations) {}

  @Post()
  @RequireScopes('activations:manage', 'licenses:read')
  @NoStore()
  @ApiOperation({
    operationId: 'activateOffline',
    summary: 'Make the file that activates a machine without a network',
    description:
      'Its seat is held until the file ends; only `end` frees it before. The same machine may ask again, before or after: it has the same activation, and gets a new file. `Idempotency-Key` is ignored: the fingerprint in the request is one.',
  })
  @ApiProblems(
    'license_not_found',
    'license_not_valid',
    'seats_exhausted',
    'moves_exhausted',
    'seats_not_counted',
    'key_set_outdated',
    'outcome_unknown',
  )
  @Responds(OfflineActivationDto, { status: 201, description: 'Made' })
  activate(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() { request, valid_days }: OfflineRequestDto,
  ): Promise<OfflineActivation> {
    return this.offline.make(actor, id, request, valid_days);
  }
}
