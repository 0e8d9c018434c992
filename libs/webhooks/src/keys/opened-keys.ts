import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { EndpointKeyBox } from './endpoint-key-box';
import type { EndpointKeys } from './endpoint-keys';

/** Of endpoints that messages go to again and again; two each while a rotation overlaps. */
const MOST = 512;

/**
 * Remembers the keys of endpoints in the memory of this process: opening them costs as much as ten signatures. What is
 * stored always opens to the same keys, so that nothing here is ever out of date.
 */
@Injectable()
export class OpenedKeys {
  private readonly opened: LRUCache<string, EndpointKeys, string>;

  constructor(keyBox: EndpointKeyBox) {
    this.opened = new LRUCache({
      max: MOST,
      fetchMethod: (name, _stale, { context: endpointId }) =>
        keyBox.open(endpointId, name.slice(endpointId.length)),
    });
  }

  /**
   * Opens the keys of an endpoint, once for all who ask.
   * @param sealed as it is stored
   * @throws what `EndpointKeyBox.open` throws; it is tried again at the next call
   */
  async of(endpointId: string, sealed: string): Promise<EndpointKeys> {
    return this.opened.forceFetch(endpointId + sealed, { context: endpointId });
  }
}
