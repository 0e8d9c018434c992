import { Environment } from '@aegis/config';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { limitWaiting, poolOf } from './driver-internals';

/** A caller that waits for a connection while all are in use is refused soon: DB_ACQUIRE_TIMEOUT_MS. */
@Injectable()
export class PoolLimits {
  constructor(dataSource: DataSource, { DB_ACQUIRE_TIMEOUT_MS: milliseconds }: Environment) {
    limitWaiting(poolOf(dataSource), milliseconds);
  }
}
