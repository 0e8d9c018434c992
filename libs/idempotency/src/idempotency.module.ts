import { JobsModule } from '@aegis/jobs';
import { Global, Module } from '@nestjs/common';
import { ExpiredAnswers } from './expired-answers';
import { IdempotentRequests } from './idempotent-requests';
import { RememberedAnswers } from './remembered-answers';

/** What `@Idempotent()` needs; global, for every lib's controllers may have such routes. */
@Global()
@Module({
  imports: [JobsModule],
  providers: [ExpiredAnswers, IdempotentRequests, RememberedAnswers],
  exports: [IdempotentRequests],
})
export class IdempotencyModule {}
