import type { KeyRing } from '@aegis/signing';
import type { DataSource } from 'typeorm';
import { checkpointKid, jwsFrom, openCheckpoint } from '../checkpoint';
import { THIS_CLUSTER } from '../cluster';
import type { Base } from './unsealed-records';

const AT_ONCE = 100;

/** Where the chain of checkpoints ends, and up to where this process trusts it. */
export interface TrustedEnd {
  /** Number of the last checkpoint; 0 before the first. */
  last: number;
  /** Number of the last checkpoint that a key of this process signed; 0 when there is none. */
  trusted: number;
}

interface Row {
  number: string;
  jws: string;
  /** It says that it sealed transactions that do not exist yet. */
  ahead: boolean;
}

/** The last checkpoint is not one of ours, so that nothing may be built on it. */
export class ChainNotTrusted extends Error {
  override readonly name = 'ChainNotTrusted';
}

/**
 * Judges the last checkpoint by the keys that this process holds itself. The keys in the database do not decide:
 * anyone who may write there could add a key, and a checkpoint signed by it.
 */
export class ChainEnd {
  /** The last valid checkpoint; it is still trusted when the files of its key are gone. */
  private known: Row | undefined;
  /** What a search backwards from an invalid last checkpoint found. */
  private found: { from: string; trusted: number } | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
  ) {}

  /** @throws ChainNotTrusted */
  async assertTrusted({
    number,
    jws,
    ahead,
    moved,
  }: Pick<Base, 'number' | 'jws' | 'ahead' | 'moved'>): Promise<void> {
    // The xids of a trail that has moved mean nothing.
    if (jws === null || (await this.isTrusted({ number, jws, ahead: ahead && !moved }))) return;
    const kid = checkpointKid(jws) ?? 'an unknown key';
    throw new ChainNotTrusted(
      `The last checkpoint, ${number}, is not one that a key of this server signed, or its row was changed (it names ${kid}): run \`aegis audit verify\`, then \`aegis audit resume\`.`,
    );
  }

  async read(): Promise<TrustedEnd> {
    const [last] = await this.rows(null, 1);
    if (last === undefined) return { last: 0, trusted: 0 };
    if (await this.isTrusted(last)) return { last: Number(last.number), trusted: Number(last.number) };
    return { last: Number(last.number), trusted: await this.trustedBefore(last) };
  }

  private async trustedBefore({ number, jws }: Row): Promise<number> {
    const from = `${number} ${jws}`;
    if (this.found?.from !== from) this.found = { from, trusted: await this.goBack(number) };
    return this.found.trusted;
  }

  private async goBack(from: string): Promise<number> {
    for (let below = from; ;) {
      const rows = await this.rows(below, AT_ONCE);
      for (const row of rows) if (await this.isTrusted(row)) return Number(row.number);
      const next = rows.at(-1);
      if (next === undefined) return 0;
      below = next.number;
    }
  }

  private async isTrusted(row: Row): Promise<boolean> {
    if (row.ahead) return false;
    const { known } = this;
    const claims = await openCheckpoint(row.jws, (kid) => this.keyRing.heldPublicKey(kid));
    const isKnown = known?.number === row.number && known.jws === row.jws;
    if (claims === undefined ? !isKnown : String(claims.number) !== row.number) return false;
    if (claims !== undefined && this.isOfLeakedKey(row.jws, claims.iat)) return false;
    this.known = row;
    return true;
  }

  /**
   * Whether it was made after trust in its key was withdrawn: then by a thief, because servers no longer sign with the
   * key.
   */
  private isOfLeakedKey(jws: string, iat: number): boolean {
    const kid = checkpointKid(jws);
    const at = this.keyRing.known.find((key) => key.kid === kid)?.compromised_at ?? null;
    return at !== null && iat > Math.ceil(at.getTime() / 1000);
  }

  /** A bare `number` in ORDER BY would be the selected text, in which '9' comes after '10'. */
  private rows(below: string | null, count: number): Promise<Row[]> {
    return this.dataSource.query<Row[]>(
      `SELECT number::text AS number, ${jwsFrom('jws')} AS jws,
              cluster <> '' AND sealed_xact >= pg_snapshot_xmax(pg_current_snapshot())
                AND cluster = ${THIS_CLUSTER} AS ahead
       FROM audit_checkpoints WHERE $1::bigint IS NULL OR number < $1
       ORDER BY audit_checkpoints.number DESC LIMIT $2`,
      [below, count],
    );
  }
}
