import { type Actor, Caller } from '@aegis/audit';
import { instanceFingerprint, type Verdict } from '@aegis/license-token';
import { addAccessFields } from '@aegis/logging';
import { BodyLimit, NoStore, Public, RateLimiter, RequireScopes, Responds } from '@aegis/http';
import { Body, Controller, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { domainWarnings } from '../validate/domain-warnings';
import { ValidationService } from '../validate/validation.service';
import { FingerprintDto } from './license-input.dto';
import { ValidateBatchDto, ValidateLicenseDto } from './validation-input.dto';
import { FingerprintAnswerDto, VerdictDto, VerdictsDto } from './verdict.dto';

@ApiTags('Licenses')
@Controller('api/v1/licenses')
export class ValidationController {
  constructor(
    private readonly validation: ValidationService,
    private readonly limiter: RateLimiter,
  ) {}

  @Post('validate')
  @Public({
    group: 'validate',
    anyOrigin: true,
    unless: (environment) => (environment.VALIDATION_REQUIRES_API_KEY ? 'licenses:validate' : undefined),
  })
  @NoStore()
  @ApiOperation({ operationId: 'validateLicense', summary: 'Ask whether a license is valid; 200 either way' })
  // judge() builds the answer field by field; the contract's tests hold it against the document.
  @Responds(VerdictDto, { prebuilt: true })
  async validate(@Caller() actor: Actor, @Body() input: ValidateLicenseDto): Promise<Verdict> {
    const verdict = await this.validation.validate(actor, input);
    addAccessFields({ code: verdict.code, license_id: verdict.license_id });
    return verdict;
  }

  @Post('validate/batch')
  @RequireScopes('licenses:validate')
  @BodyLimit(2 * 1024 * 1024)
  @ApiOperation({
    operationId: 'validateLicenses',
    summary: 'Ask about up to 1,000 licenses; answers in their order',
    description:
      'Equal items are answered and recorded once. The different items are charged to a limit of the key (policy `batch-items`) before any is checked; a batch that does not fit is refused as a whole with 429, and nothing is recorded or charged.',
  })
  // For the same reason as of one.
  @Responds(VerdictsDto, { prebuilt: true })
  async validateBatch(
    @Caller() actor: Actor,
    @Body() { items }: ValidateBatchDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ results: Verdict[] }> {
    const charge = (questions: number): Promise<void> => this.limiter.chargeBatch(response, questions);
    return { results: await this.validation.validateBatch(actor, items, charge) };
  }

  @Post('fingerprint')
  @Public()
  @ApiOperation({
    operationId: 'computeFingerprint',
    summary: 'Fingerprint of an installation, to bind a license to it',
  })
  @Responds(FingerprintAnswerDto)
  async fingerprint(@Body() { db_uuid, domain }: FingerprintDto): Promise<FingerprintAnswerDto> {
    return {
      fingerprint: await instanceFingerprint(db_uuid, domain),
      db_uuid,
      domain,
      warnings: domainWarnings(domain),
    };
  }
}
