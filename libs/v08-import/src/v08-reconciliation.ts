import type { LicenseType } from '@aegis/license-token';
import type { EntityManager } from 'typeorm';
import { type LicenseStatus, statusSql } from '@aegis/licensing';

/** Licenses of one type and status, counted on both sides. */
export interface ReconciledLicenses {
  license_type: LicenseType | 'unknown';
  status: LicenseStatus | 'unknown';
  /** Rows of v0.8. */
  v08: number;
  /** Of those, not taken. */
  refused: number;
  /** Licenses that are on record here for the rows that were taken. */
  here: number;
}

/** What is on record of a license. */
export interface LicenseHere {
  license_type: LicenseType;
  status: LicenseStatus;
}

const TYPES = ['perpetual', 'subscription', 'demo', 'unknown'] as const;
const STATUSES = ['active', 'expired', 'suspended', 'revoked', 'unknown'] as const;

/** Counts licenses by type and status in v0.8 and here. */
export class V08Reconciliation {
  private readonly counts = new Map<string, ReconciledLicenses>();

  /**
   * @param type as v0.8 says; undefined when it is unknown
   * @param here what is on record of it; undefined when it was refused
   */
  add(type: LicenseType | undefined, status: LicenseStatus | undefined, here: LicenseHere | undefined): void {
    const there = this.cell(type ?? 'unknown', status ?? 'unknown');
    there.v08 += 1;
    if (here) this.cell(here.license_type, here.status).here += 1;
    else there.refused += 1;
  }

  /** One entry for each type and status that either side has. */
  result(): ReconciledLicenses[] {
    return TYPES.flatMap((type) => STATUSES.flatMap((status) => this.counts.get(`${type} ${status}`) ?? []));
  }

  private cell(
    type: ReconciledLicenses['license_type'],
    status: ReconciledLicenses['status'],
  ): ReconciledLicenses {
    const name = `${type} ${status}`;
    const cell = this.counts.get(name) ?? { license_type: type, status, v08: 0, refused: 0, here: 0 };
    this.counts.set(name, cell);
    return cell;
  }
}

/** What is on record of licenses, by id. */
export async function licensesHere(
  tx: EntityManager,
  ids: readonly string[],
): Promise<ReadonlyMap<string, LicenseHere>> {
  const rows: ({ id: string } & LicenseHere)[] = await tx.query(
    `SELECT id, license_type, ${statusSql('licenses')} AS status
     FROM licenses WHERE id = ANY($1)`,
    [ids],
  );
  return new Map(rows.map(({ id, ...here }) => [id, here]));
}
