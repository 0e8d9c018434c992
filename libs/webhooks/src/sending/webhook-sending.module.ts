import { Environment } from '@aegis/config';
import { Module } from '@nestjs/common';
import { WebhookSender } from './webhook-sender';

/** Sends webhooks; only the server loads it. */
@Module({
  providers: [
    {
      provide: WebhookSender,
      inject: [Environment],
      useFactory: (environment: Environment) => new WebhookSender(environment),
    },
  ],
  exports: [WebhookSender],
})
export class WebhookSendingModule {}
