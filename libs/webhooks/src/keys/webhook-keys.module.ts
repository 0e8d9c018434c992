import { Environment } from '@aegis/config';
import { Module } from '@nestjs/common';
import { EndpointKeyBox } from './endpoint-key-box';
import { OpenedKeys } from './opened-keys';
import { SealedEndpointKeys } from './sealed-keys';
import { SecretsKeyChecks } from './secrets-key-checks';
import { SecretsKeys } from './secrets-keys';

/** The keys that webhooks are signed with, encrypted under SECRETS_KEY. */
@Module({
  providers: [
    {
      provide: SecretsKeys,
      inject: [Environment],
      useFactory: ({ SECRETS_KEY }: Environment) => new SecretsKeys(SECRETS_KEY ?? []),
    },
    EndpointKeyBox,
    OpenedKeys,
    SealedEndpointKeys,
    SecretsKeyChecks,
  ],
  exports: [EndpointKeyBox, OpenedKeys, SealedEndpointKeys, SecretsKeyChecks, SecretsKeys],
})
export class WebhookKeysModule {}
