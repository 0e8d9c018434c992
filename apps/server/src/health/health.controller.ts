import { Environment, PRODUCT_VERSION } from '@aegis/config';
import { Public, Responds } from '@aegis/http';
import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Lifecycle } from '../lifecycle';
import { HealthDto, ProbeDto } from './health.dto';
import { HealthService } from './health.service';

/** Probes. Their bodies alone are not problem documents when they say no. */
@ApiTags('System')
@Controller('health')
@Public({ group: 'exempt', ignoreCredentials: true })
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly lifecycle: Lifecycle,
    private readonly environment: Environment,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'getHealth', summary: 'Health of the server and of what it depends on' })
  @Responds(HealthDto)
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'Unhealthy' })
  async all(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    const health = await this.health.check();
    if (health.status === 'unhealthy') response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { ...health, version: PRODUCT_VERSION, environment: this.environment.ENVIRONMENT };
  }

  @Get('live')
  @ApiOperation({ operationId: 'getLiveness', summary: 'Whether the process is alive' })
  @Responds(ProbeDto)
  live(): ProbeDto {
    return { status: 'healthy' };
  }

  @Get('ready')
  @ApiOperation({ operationId: 'getReadiness', summary: 'Whether requests may be sent here' })
  @Responds(ProbeDto)
  @ApiServiceUnavailableResponse({ type: ProbeDto, description: 'Not ready, or shutting down' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ProbeDto> {
    return probe(await this.health.isReady(), response);
  }

  @Get('startup')
  @ApiOperation({ operationId: 'getStartup', summary: 'Whether the start is complete' })
  @Responds(ProbeDto)
  @ApiServiceUnavailableResponse({ type: ProbeDto, description: 'Still starting' })
  startup(@Res({ passthrough: true }) response: Response): ProbeDto {
    return probe(this.lifecycle.hasStarted, response);
  }
}

function probe(passes: boolean, response: Response): ProbeDto {
  if (!passes) response.status(HttpStatus.SERVICE_UNAVAILABLE);
  return { status: passes ? 'healthy' : 'unhealthy' };
}
