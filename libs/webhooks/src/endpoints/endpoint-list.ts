import { type ListSource, newestFirst } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { WebhookEndpoint } from './webhook-endpoint.entity';

@Injectable()
export class EndpointList {
  constructor(private readonly dataSource: DataSource) {}

  /** The endpoints that were not deleted, newest first: so few that they need no index. */
  source(): ListSource<WebhookEndpoint> {
    const rows = this.dataSource
      .createQueryBuilder(WebhookEndpoint, 'endpoint')
      .where('endpoint.deleted_at IS NULL');
    return { rows, order: newestFirst('endpoint', 'uuid'), list: { list: 'webhooks' } };
  }
}
