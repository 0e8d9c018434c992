import { RequireScopes, Responds } from '@aegis/http';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { InstallationHealthDto } from './installation-health.dto';
import { type InstallationHealth, InstallationHealthService } from './parts/installation-health';

@ApiTags('Admin')
@Controller('api/v1/admin/health')
@RequireScopes('stats:read')
export class InstallationHealthController {
  constructor(private readonly health: InstallationHealthService) {}

  @Get()
  @ApiOperation({
    operationId: 'getInstallationHealth',
    summary: 'Health of signer, audit trail, sink, events, webhooks, replicas and jobs, and what is not well',
  })
  @Responds(InstallationHealthDto)
  check(): Promise<InstallationHealth> {
    return this.health.check();
  }
}
