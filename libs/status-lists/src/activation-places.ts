import { PreparedStatement } from '@aegis/database';
import type { EntityManager } from 'typeorm';
import { openStatusPlaces, type StatusPlace, type StatusPlaces } from './status-places';

const TAKE = new PreparedStatement<{ number: string }>(
  'activation-places',
  `SELECT nextval('activations_status_number_seq') AS number FROM generate_series(1, $1::integer)`,
);

/** Gives activations places in status lists of their own, which fill one after another as those of licenses do. */
export class ActivationPlaces {
  private places?: StatusPlaces;

  /**
   * Takes places for activations that are admitted. A transaction that is undone leaves its places empty: nobody gets them.
   * @param tx of the admission
   * @param count of activations that can have a token without an end of their lease: fixed ones and those of offline files
   * @returns as many places, each another one
   */
  async take(tx: EntityManager, count: number): Promise<StatusPlace[]> {
    if (count === 0) return [];
    const places = (this.places ??= await openStatusPlaces(tx));
    const rows = await TAKE.run(tx, [count]);
    return rows.map(({ number }) => places.at(Number(number)));
  }
}
