import { SeatNumbersDto, SeatsInUseDto } from '@aegis-http/activations';
import { type Precondition } from '@aegis/access';
import { type Actor, Caller } from '@aegis/audit';
import { ApiProblems, ETagged, IfMatch, RequireScopes, Responds } from '@aegis/http';
import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { License } from '../license.entity';
import { LicenseSeatsService, type LicenseSeatsNow } from '../seats/license-seats.service';
import { LicenseId } from './license-id';
import { licenseTag } from './license-tag';

@ApiTags('Licenses')
@Controller('api/v1/licenses/:id/seats')
export class LicenseSeatsController {
  constructor(private readonly seats: LicenseSeatsService) {}

  @Get()
  @RequireScopes('activations:read')
  @ApiOperation({
    operationId: 'getLicenseSeats',
    summary: 'The seats of a license, and how many are in use now',
  })
  @ApiProblems('license_not_found', 'seats_not_counted')
  @ETagged(licenseTag)
  @Responds(SeatsInUseDto)
  read(@LicenseId() id: string): Promise<LicenseSeatsNow> {
    return this.seats.read(id);
  }

  @Put()
  @RequireScopes('licenses:issue')
  @ApiOperation({
    operationId: 'changeLicenseSeats',
    summary: 'Change the numbers of seats of a license; nobody loses a seat by it',
    description:
      'What is absent stays as it is, except for `max`, which is required. `mode`, `required`, and whether seats are counted at all, are changed by a reissue: the token says them. `If-Match` takes the tag of the license.',
  })
  @ApiProblems('license_not_found', 'seats_not_counted')
  @ETagged(licenseTag)
  @Responds(SeatsInUseDto)
  change(
    @Caller() actor: Actor,
    @LicenseId() id: string,
    @Body() input: SeatNumbersDto,
    @IfMatch(licenseTag) precondition: Precondition<License>,
  ): Promise<LicenseSeatsNow> {
    return this.seats.change(actor, id, input, precondition);
  }
}
