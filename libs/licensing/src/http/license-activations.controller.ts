import {
  ActivationDto,
  ActivationPageDto,
  AnActivationId,
  EndActivationDto,
  ListActivationsDto,
} from '@aegis-http/activations';
import type { ActivationView } from '@aegis/activations';
import { type Actor, Caller } from '@aegis/audit';
import { answerList, ApiProblems, RequireScopes, Responds } from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { Body, Controller, Get, HttpCode, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { LicenseActivations } from '../activate/license-activations.service';
import { LicenseId } from './license-id';

@ApiTags('Activations')
@Controller('api/v1/licenses/:id/activations')
export class LicenseActivationsController {
  constructor(private readonly activations: LicenseActivations) {}

  @Get()
  @RequireScopes('activations:read')
  @ApiOperation({
    operationId: 'listActivations',
    summary: 'List the activations of a license, the latest admission first',
  })
  @ApiProblems('license_not_found')
  @Responds(ActivationPageDto, { alsoOffers: STREAM_TYPES })
  async page(
    @LicenseId() id: string,
    @Query() query: ListActivationsDto,
    @Req() request: Request,
  ): Promise<object> {
    const source = await this.activations.list(id, query.state);
    return answerList(request, 'activations', query, source, ActivationDto);
  }

  @Post(':activation_id/end')
  @RequireScopes('activations:manage')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'endActivation',
    summary: 'End an activation for the vendor; again, it changes nothing',
    description:
      'Its seat is free at once. A token or an offline file that was given out counts until its end (`offline_until` for a file), except where a newer status list is there.',
  })
  @ApiProblems('license_not_found', 'activation_not_found')
  @Responds(ActivationDto)
  end(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @AnActivationId('activation_id') activationId: string,
    @Body() { reason }: EndActivationDto,
  ): Promise<ActivationView> {
    return this.activations.end(actor, id, activationId, reason);
  }
}
