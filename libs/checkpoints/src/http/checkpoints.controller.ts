import {
  answerList,
  ApiProblems,
  ETagged,
  IfNoneMatch,
  PageQueryDto,
  PathId,
  RequireScopes,
  Responds,
} from '@aegis/http';
import { STREAM_TYPES } from '@aegis/lists';
import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { CheckpointList } from '../checkpoint-list';
import { type InclusionProof, InclusionProofs } from '../tree/inclusion-proofs';
import { leafHash } from '../tree/merkle-tree';
import { CheckpointDto, CheckpointPageDto, InclusionProofDto } from './checkpoint.dto';

const RECORD_ID = { pattern: /^[1-9][0-9]{0,17}$/, rule: 'must be a decimal number' };

@ApiTags('Admin')
@Controller('api/v1/admin/audit-logs')
export class CheckpointsController {
  constructor(
    private readonly list: CheckpointList,
    private readonly proofs: InclusionProofs,
  ) {}

  @Get('checkpoints')
  @RequireScopes('audit:read')
  @ApiOperation({
    operationId: 'listCheckpoints',
    summary: 'List the signed checkpoints over the audit trail, newest first',
  })
  @Responds(CheckpointPageDto, { alsoOffers: STREAM_TYPES })
  page(@Query() query: PageQueryDto, @Req() request: Request): Promise<object> {
    return answerList(request, 'checkpoints', query, this.list.source(), CheckpointDto);
  }

  @Get(':id/proof')
  @RequireScopes('audit:read')
  @ApiOperation({
    operationId: 'getInclusionProof',
    summary: 'Prove that an audit record is sealed by a signed checkpoint',
  })
  @ApiProblems('audit_record_not_found', 'audit_record_not_sealed', 'audit_record_too_large')
  @IfNoneMatch()
  @ETagged(proofTag)
  @Responds(InclusionProofDto)
  proof(@PathId(RECORD_ID) id: string): Promise<InclusionProof> {
    return this.proofs.of(id);
  }
}

/** The IP address and the trust in the key may change while the leaf stays the same. */
function proofTag({ checkpoint, index, leaf, record, key }: InclusionProof): string {
  const address = record.ip_address === null ? 'forgotten' : 'kept';
  const trust = [key?.state ?? 'unknown', key?.compromised_after?.getTime() ?? 0].join('.');
  return `${checkpoint.epoch}.${checkpoint.number}.${index}.${leafHash(leaf).toString('base64url')}.${address}.${trust}`;
}
