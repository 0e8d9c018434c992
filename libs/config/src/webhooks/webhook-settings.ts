import { IsOptional } from 'class-validator';
import { EventSettings } from '../events/event-settings';
import { AreNetworks } from '../rules';
import { Setting } from '../setting';

/** Where webhooks may be sent to. */
export abstract class WebhookSettings extends EventSettings {
  @Setting({
    kind: 'list',
    example: '10.20.0.0/16,fd12:3456::/32',
    description:
      'Networks that are not public and that webhooks may be sent to, comma-separated: addresses or CIDRs (docs/webhooks.md).',
  })
  @IsOptional()
  @AreNetworks()
  WEBHOOK_ALLOWED_NETWORKS?: string[];
}
