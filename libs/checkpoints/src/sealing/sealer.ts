import { transaction } from '@aegis/database';
import { KeyRing, SigningKeyChanged, signingKeyChanged } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ChainEnd } from './chain-end';
import { checkpointHash, signCheckpoint } from '../checkpoint';
import { leafOf } from '../tree/leaf';
import { leafHash, rootHash } from '../tree/merkle-tree';
import { appendCheckpoint, type NextCheckpoint } from './next-checkpoint';
import { readUnsealed, type Unsealed } from './unsealed-records';

const NOTHING = { size: 0, more: false };

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
   * Seals what can be sealed, one checkpoint at a time. Several processes may do so at once: the first to write the
   * next checkpoint has sealed its records, and the others stop.
   * @param goesOn asked before each checkpoint
   * @returns how many records it sealed
   * @throws ChainNotTrusted when the last checkpoint is not one that a key of this process signed
   */
  async seal(goesOn: () => boolean = () => true): Promise<number> {
    let sealed = 0;
    let more = true;
    while (more && goesOn()) {
      const checkpoint = await this.sealOnce();
      sealed += checkpoint.size;
      more = checkpoint.more;
    }
    return sealed;
  }

  /**
   * No transaction is open and no lock is held while the signer, which may be far away, signs.
   * @returns how many records the checkpoint seals, and whether more could be sealed at once
   */
  private async sealOnce(): Promise<{ size: number; more: boolean }> {
    const unsealed = await readUnsealed(this.dataSource);
    if (unsealed.records.length === 0) return NOTHING;
    await this.chainEnd.assertTrusted(unsealed.base);
    const next = await this.signed(unsealed);
    try {
      const written = await transaction(this.dataSource, (tx) => appendCheckpoint(tx, unsealed.base, next));
      return written ? { size: next.leaves.length, more: unsealed.full } : NOTHING;
    } catch (error) {
      // The key was changed in between: the next pass signs with the new one.
      if (signingKeyChanged(error) instanceof SigningKeyChanged) return NOTHING;
      throw error;
    }
  }

  private async signed({ base, records, epoch, completeTo, readAt }: Unsealed): Promise<NextCheckpoint> {
    const leaves = records.map((record) => ({ ...record, hash: leafHash(leafOf(record)) }));
    const signer = await this.keyRing.signer();
    const jws = await signCheckpoint(signer, {
      number: Number(base.number) + 1,
      epoch,
      size: leaves.length,
      root: rootHash(leaves.map(({ hash }) => hash)).toString('base64url'),
      previous: base.jws === null ? null : checkpointHash(base.jws),
      complete_to: completeTo,
      iat: Math.floor(readAt),
    });
    return { kid: signer.kid, jws, leaves };
  }
}
