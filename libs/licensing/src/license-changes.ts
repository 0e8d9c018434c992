import { type Counter, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';

/** What may happen to a license, as its audit records name it after `license.`. */
export const LICENSE_CHANGES = [
  'issued',
  'renewed',
  'reissued',
  'seats_changed',
  'suspended',
  'reinstated',
  'revoked',
] as const;
export type LicenseChange = (typeof LICENSE_CHANGES)[number];

/** Counts the changes of licenses that this process has made durable. */
@Injectable()
export class LicenseChanges {
  private readonly changes: Counter<'change'>;

  constructor(metrics: Metrics) {
    this.changes = metrics.counter(
      {
        name: 'aegis_license_changes_total',
        help: 'Durable changes of licenses, by kind.',
        labelNames: ['change'],
      },
      LICENSE_CHANGES.map((change) => ({ change })),
    );
  }

  /** Call it after the commit. */
  count(change: LicenseChange, licenses = 1): void {
    this.changes.inc({ change }, licenses);
  }
}
