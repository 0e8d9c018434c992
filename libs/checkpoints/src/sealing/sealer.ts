import { transaction } from '@aegis/database';
import { KeyRing, SigningKeyChanged, signingKeyChanged } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ChainEnd } from '../verification/chain-end';
import { checkpointHash, signCheckpoint } from '../checkpoint';
import { leafOf } from '../tree/leaf';
import { leafHash, rootHash } from '../tree/merkle-tree';
import { appendCheckpoint, type NextCheckpoint } from './next-checkpoint';
import { MOST_LEAVES, readUnsealed, type Unsealed } from './unsealed-records';

/** Seals audit records: builds signed checkpoints over them. */
@Injectable()
export class Sealer {
  /** The end of the chain, as far as this process trusts it. */
  readonly chainEnd: ChainEnd;

  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
  ) {
    this.chainEnd = new ChainEnd(dataSource, keyRing);
  }

  /**
   * Seals what can be sealed, one checkpoint at a time. Several processes may do so at once: the first to
   * write the next checkpoint has sealed its records, and the others leave off.
   * @param goesOn asked before each checkpoint
   * @returns how many records it sealed
   * @throws ChainNotTrusted when the last checkpoint is not one that a key of this process signed
   */
  async seal(goesOn: () => boolean = () => true): Promise<number> {
    let sealed = 0;
    let more = true;
    while (more && goesOn()) {
      const size = await this.sealOnce();
      sealed += size;
      more = size === MOST_LEAVES;
    }
    return sealed;
  }

  /** No transaction is open and no lock is held while the signer, which may be far away, signs. */
  private async sealOnce(): Promise<number> {
    const unsealed = await readUnsealed(this.dataSource);
    if (unsealed.records.length === 0) return 0;
    await this.chainEnd.assertTrusted(unsealed.base);
    const next = await this.signed(unsealed);
    try {
      const written = await transaction(this.dataSource, (tx) => appendCheckpoint(tx, unsealed.base, next));
      return written ? next.leaves.length : 0;
    } catch (error) {
      // The key was changed in between: the next pass signs with the new one.
      if (signingKeyChanged(error) instanceof SigningKeyChanged) return 0;
      throw error;
    }
  }

  private async signed({ base, records, epoch, completeTo }: Unsealed): Promise<NextCheckpoint> {
    const leaves = records.map((record) => ({ ...record, hash: leafHash(leafOf(record)) }));
    const signer = await this.keyRing.signer();
    const jws = await signCheckpoint(signer, {
      number: Number(base.number) + 1,
      epoch,
      size: leaves.length,
      root: rootHash(leaves.map(({ hash }) => hash)).toString('base64url'),
      previous: base.jws === null ? null : checkpointHash(base.jws),
      complete_to: completeTo,
      iat: Math.floor(base.now),
    });
    return { kid: signer.kid, jws, leaves };
  }
}
