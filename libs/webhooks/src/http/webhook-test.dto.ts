import { ApiProperty } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import type { Attempt, AttemptError } from '../sending/attempt';

const OUTCOMES = { delivered: true, gone: true, failed: true } satisfies Record<Attempt['outcome'], true>;
const ERRORS = {
  status: true,
  redirect: true,
  timeout: true,
  dns: true,
  refused: true,
  reset: true,
  tls: true,
  address_forbidden: true,
  stopped: true,
  invalid_url: true,
  invalid_answer: true,
  other: true,
} satisfies Record<AttemptError, true>;

/** How the receiver took a test. */
export class WebhookTestDto {
  /** `gone`: it answered 410, which would have disabled the webhook, had it been an event. */
  @Expose()
  @ApiProperty({ enum: Object.keys(OUTCOMES) })
  outcome!: Attempt['outcome'];

  /**
   * HTTP status of its answer; null if there was none.
   * @example 204
   */
  @Expose()
  @ApiProperty({ type: 'integer', nullable: true })
  status!: number | null;

  /** Milliseconds until the answer, or the failure. */
  @Expose()
  @ApiProperty({ type: 'integer', minimum: 0 })
  latency_ms!: number;

  /** What went wrong; null for a success. */
  @Expose()
  @ApiProperty({ enum: Object.keys(ERRORS), nullable: true })
  error!: AttemptError | null;
}
