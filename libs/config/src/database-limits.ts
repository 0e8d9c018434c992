import { IsOptional } from 'class-validator';
import { AuditSettings } from './audit-settings';
import { IsWholeNumber } from './rules';
import { Setting } from './setting';

/** How many connections to the database there are, and how long anything waits for it (docs/reliability.md). */
export abstract class DatabaseLimits extends AuditSettings {
  @Setting({ kind: 'integer', default: '10', description: 'Maximum number of connections per process.' })
  @IsWholeNumber(2, 500)
  DB_POOL_SIZE!: number;

  @Setting({
    kind: 'integer',
    default: '800',
    description: 'Longest wait for a connection while all are in use, in milliseconds.',
  })
  @IsWholeNumber(50, 60_000)
  DB_ACQUIRE_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '1500',
    description: 'Longest wait for a new connection to the database, in milliseconds.',
  })
  @IsWholeNumber(50, 60_000)
  DB_CONNECT_TIMEOUT_MS!: number;

  @Setting({ kind: 'integer', default: '2000', description: 'Longest statement, in milliseconds.' })
  @IsWholeNumber(50, 600_000)
  DB_STATEMENT_TIMEOUT_MS!: number;

  @Setting({ kind: 'integer', default: '1000', description: 'Longest wait for a lock, in milliseconds.' })
  @IsWholeNumber(50, 60_000)
  DB_LOCK_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    example: '2500',
    description:
      'Longest wait for the answer to a statement, in milliseconds; then its connection is closed. Default: DB_STATEMENT_TIMEOUT_MS plus 500 ms.',
  })
  @IsOptional()
  @IsWholeNumber(100, 900_000)
  DB_DEADLINE_MS?: number;

  @Setting({
    kind: 'integer',
    default: '5000',
    description: 'Longest idle time inside a transaction, in milliseconds.',
  })
  @IsWholeNumber(50, 600_000)
  DB_IDLE_TX_TIMEOUT_MS!: number;

  @Setting({
    kind: 'integer',
    default: '100',
    description:
      'How far behind DATABASE_URL a read replica may be, and how far its clock may differ, in milliseconds; lists wait for it for so long.',
  })
  @IsWholeNumber(10, 2000)
  DATABASE_REPLICA_MAX_LAG_MS!: number;
}
