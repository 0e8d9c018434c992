import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { RateLimitSettings } from './rate-limit-settings';
import { Setting } from './setting';

/** How many connections to the database there are, and how long anything waits for it (docs/reliability.md). */
export abstract class DatabaseLimits extends RateLimitSettings {
  @Setting({ kind: 'integer', default: '10', description: 'Maximum number of connections per process.' })
  @IsInt()
  @Min(2)
  @Max(500)
  DB_POOL_SIZE!: number;

  @Setting({
    kind: 'integer',
    default: '800',
    description: 'Longest wait for one of the connections while all are in use, in milliseconds.',
  })
  @IsInt()
  @Min(50)
  @Max(60_000)
  DB_ACQUIRE_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '1500',
    description: 'Longest that a new connection to the database may take, in milliseconds.',
  })
  @IsInt()
  @Min(50)
  @Max(60_000)
  DB_CONNECT_TIMEOUT_MS!: number;

  @Setting({ kind: 'integer', default: '2000', description: 'Longest statement, in milliseconds.' })
  @IsInt()
  @Min(50)
  @Max(600_000)
  DB_STATEMENT_TIMEOUT_MS!: number;

  @Setting({ kind: 'integer', default: '1000', description: 'Longest wait for a lock, in milliseconds.' })
  @IsInt()
  @Min(50)
  @Max(60_000)
  DB_LOCK_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    description:
      'Longest wait for the answer to a statement, in milliseconds; then its connection is given up. Default: DB_STATEMENT_TIMEOUT_MS and 500 ms.',
  })
  @IsOptional()
  @IsInt()
  @Min(100)
  @Max(900_000)
  DB_DEADLINE_MS?: number;

  @Setting({
    kind: 'integer',
    default: '5000',
    description: 'Longest idle time inside a transaction, in milliseconds.',
  })
  @IsInt()
  @Min(50)
  @Max(600_000)
  DB_IDLE_TX_TIMEOUT_MS!: number;
}
