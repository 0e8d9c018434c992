import { Length } from '@aegis/http';
import { OFFLINE_FILE_FORMAT, type OfflineFile } from '@aegis/license-token';
import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { IsInt, IsString, Max, Min } from 'class-validator';
import { MAX_FILE_DAYS } from '../offline/offline-files';
import { ActivationDto } from './activation.dto';

/** The request of a machine without a network, as somebody typed it. */
export class OfflineRequestDto {
  /**
   * What the client shows there: 104 letters and digits, in groups of five or not, in either case; O is read as 0, I and L
   * as 1.
   */
  @IsString()
  @Length(1, 1000)
  request!: string;

  /**
   * For how long the file counts, and holds its seat: days of 86,400 seconds.
   * @example 365
   */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_FILE_DAYS })
  @IsInt()
  @Min(1)
  @Max(MAX_FILE_DAYS)
  valid_days!: number;
}

/** What is brought to the machine, as JSON: save it as it is. Each text in it is signed. */
export class OfflineFileDto implements OfflineFile {
  @ApiProperty({ type: String, enum: [OFFLINE_FILE_FORMAT] })
  @Expose()
  format!: typeof OFFLINE_FILE_FORMAT;

  /** The newest token of the license. */
  @Expose()
  license_token!: string;

  @Expose()
  activation_token!: string;

  /** The key set that the root key signed; null where the server has none: then the client needs the keys built in. */
  @Expose()
  key_set!: string | null;

  /** Of the license, and of the activation. */
  @ApiProperty({ type: [String] })
  @Expose()
  status_lists!: string[];
}

/** A seat for a machine without a network, and the file that says so. */
export class OfflineActivationDto {
  @Expose()
  @Type(() => ActivationDto)
  activation!: ActivationDto;

  @Expose()
  @Type(() => OfflineFileDto)
  file!: OfflineFileDto;
}
