import { Environment, PRODUCT_NAME, PRODUCT_VERSION } from '@aegis/config';
import { KeyRing } from '@aegis/signing';
import { Public, Responds } from '@aegis/http';
import { Controller, Get, Req, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { InfoDto, RootDto } from './info.dto';
import { startPage } from './start-page';

const HTML = 'text/html';

@ApiTags('System')
@Controller()
@Public()
export class InfoController {
  constructor(
    private readonly environment: Environment,
    private readonly keyRing: KeyRing,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'getRoot',
    summary: 'Name, version and documentation; a page of links for browsers',
  })
  @Responds(RootDto, { alsoOffers: [HTML] })
  root(@Req() request: Request): RootDto | StreamableFile {
    const { DOCS_ENABLED: documented, CONSOLE_ENABLED, PUBLIC_URL: url } = this.environment;
    // JSON comes first: programs accept anything.
    if (request.accepts(['application/json', HTML]) === HTML)
      return new StreamableFile(Buffer.from(startPage({ docs: documented, console: CONSOLE_ENABLED })), {
        type: `${HTML}; charset=utf-8`,
      });
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
