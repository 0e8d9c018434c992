import { IsIn, IsOptional, Matches } from 'class-validator';
import { IsCheckpointSink, IsWholeNumber } from './rules';
import { Setting } from './setting';
import { WebhookSettings } from './webhooks/webhook-settings';

/** What the audit trail records, how long it keeps addresses, and where its checkpoints are also kept. */
export abstract class AuditSettings extends WebhookSettings {
  @Setting({
    kind: 'text',
    default: 'all',
    description:
      'all, failures or changes: which validations leave a record in the audit trail (docs/audit-volume.md).',
  })
  @IsIn(['all', 'failures', 'changes'], { message: 'must be all, failures or changes' })
  AUDIT_VALIDATIONS!: 'all' | 'failures' | 'changes';

  @Setting({
    kind: 'integer',
    default: '90',
    description: 'Days for which IP addresses are kept in the audit trail; then they are deleted.',
  })
  @IsWholeNumber(1, 3650)
  AUDIT_IP_RETENTION_DAYS!: number;

  @Setting({
    kind: 'url',
    example: 'file:/var/lib/aegis/checkpoints.ndjson',
    description:
      'Where signed checkpoints are also kept, outside of the database: file:/<path> or https://<url>, without credentials.',
  })
  @IsOptional()
  @IsCheckpointSink()
  CHECKPOINT_SINK?: string;

  @Setting({ kind: 'text', secret: true, description: 'Sent to an https sink as Bearer token.' })
  @IsOptional()
  @Matches(/^[\x21-\x7e]{1,4096}$/, { message: 'must be 1 to 4096 printable ASCII characters without space' })
  CHECKPOINT_SINK_TOKEN?: string;
}
