import type { ListOrder, ListSource, PageQuery } from '@aegis/lists';
import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { eventBody } from '../deliveries/event-body';
import { readEndpoint } from '../endpoints/endpoint-lock';
import { DeliveryNotFound } from './deliveries.errors';
import { type DeliveryState, WebhookDelivery } from './webhook-delivery.entity';

/** What a list of deliveries can be narrowed to. */
export interface DeliveryFilters {
  state?: DeliveryState;
}

export type ListDeliveries = PageQuery & DeliveryFilters;

/** A delivery, and what is sent. */
export interface DeliveryWithBody {
  delivery: WebhookDelivery;
  /** As it is signed and sent, byte for byte. */
  body: string;
}

/** Those of events that were removed go soon. */
const EVENT_IS_KEPT = 'delivery.position > (SELECT forgotten FROM event_positions)';

const NEWEST_FIRST: ListOrder<WebhookDelivery> = {
  keys: [
    {
      expression: 'delivery.sequence',
      kind: 'integer',
      type: 'bigint',
      of: ({ sequence }) => String(sequence),
    },
  ],
  direction: 'DESC',
};

/** Reads the deliveries of an endpoint. */
@Injectable()
export class DeliveryList {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The deliveries of an endpoint that match every filter, newest first.
   * @throws WebhookNotFound
   */
  async source(endpointId: string, { state }: ListDeliveries): Promise<ListSource<WebhookDelivery>> {
    await readEndpoint(this.dataSource.manager, endpointId);
    const rows = this.kept().andWhere('delivery.endpoint_id = :endpointId', { endpointId });
    if (state !== undefined) rows.andWhere('delivery.state = :state', { state });
    return { rows, order: NEWEST_FIRST, list: { endpointId, state } };
  }

  /**
   * One delivery of an endpoint, with what is sent.
   * @throws WebhookNotFound, DeliveryNotFound
   */
  async find(endpointId: string, id: string): Promise<DeliveryWithBody> {
    const { manager } = this.dataSource;
    const { api_version: apiVersion } = await readEndpoint(manager, endpointId);
    const delivery = await this.kept().andWhere({ endpoint_id: endpointId, id }).getOne();
    const [event] = await manager.query<{ occurred_at: Date; data: Readonly<Record<string, unknown>> }[]>(
      'SELECT occurred_at, data FROM events WHERE position = $1',
      [delivery?.position ?? null],
    );
    if (delivery === null || event === undefined) throw new DeliveryNotFound(id);
    const { event_id, event_type: type, sequence } = delivery;
    const { occurred_at: occurredAt, data } = event;
    return { delivery, body: eventBody({ id: event_id, type, occurredAt, apiVersion, sequence, data }) };
  }

  private kept(): SelectQueryBuilder<WebhookDelivery> {
    return this.dataSource.createQueryBuilder(WebhookDelivery, 'delivery').where(EVENT_IS_KEPT);
  }
}
