import { Environment, PRODUCT_NAME, PRODUCT_VERSION } from '@aegis/config';
import { KeyRing } from '@aegis/signing';
import { Public, Responds } from '@aegis/web';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { InfoDto, RootDto } from './info.dto';

@ApiTags('System')
@Controller()
@Public()
export class InfoController {
  constructor(
    private readonly environment: Environment,
    private readonly keyRing: KeyRing,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'getRoot', summary: 'Name, version and documentation' })
  @Responds(RootDto)
  root(): RootDto {
    const { DOCS_ENABLED: documented, PUBLIC_URL: url } = this.environment;
    return { name: PRODUCT_NAME, version: PRODUCT_VERSION, docs: documented ? `${url}/docs` : null };
  }

  @Get('info')
  @ApiOperation({ operationId: 'getInfo', summary: 'What this server is and how it signs' })
  @Responds(InfoDto)
  info(): InfoDto {
    return {
      app_name: PRODUCT_NAME,
      version: PRODUCT_VERSION,
      environment: this.environment.ENVIRONMENT,
      issuer: this.environment.LICENSE_ISSUER,
      key_id: this.keyRing.activeKid,
    };
  }
}
