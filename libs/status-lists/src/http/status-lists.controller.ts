import {
  ApiProblems,
  CacheControl,
  ETagged,
  IfNoneMatch,
  PathId,
  Precompressed,
  Public,
  RespondsAsIs,
} from '@aegis/http';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { StatusLists } from '../status-lists.service';

@ApiTags('Keys')
@Controller('api/v1/status-lists')
@Public({ anyOrigin: true })
export class StatusListsController {
  constructor(private readonly lists: StatusLists) {}

  /**
   * Caches on the way keep a list for a minute: it may change at any time, and asking again costs a 304. While no server
   * answers they may keep it for a day (RFC 5861, section 4).
   */
  @Get(':id')
  @CacheControl('public, max-age=60, stale-if-error=86400')
  @ApiOperation({
    operationId: 'getStatusList',
    summary: 'A signed Token Status List (draft-ietf-oauth-status-list)',
    description:
      'The status of tokens, for checks without the server: the list and index of a token are in its claim `status.status_list`.',
  })
  @ApiProblems('status_list_not_found')
  @IfNoneMatch()
  @ETagged(({ tag }: Precompressed) => tag)
  @RespondsAsIs('application/statuslist+jwt')
  async find(
    @PathId({ pattern: /^(0|[1-9][0-9]{0,8})$/, rule: 'must be the number of a list' }) id: string,
  ): Promise<Precompressed> {
    const { plain, gzipped, tag } = await this.lists.find(Number(id));
    return new Precompressed(plain, gzipped, tag);
  }
}
