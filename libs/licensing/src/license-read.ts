import { seatsSql } from '@aegis/activations';
import { Customer } from '@aegis/customers';
import { PreparedStatement } from '@aegis/database';
import { License } from './license.entity';
import { statusSql } from './state/license-status';

const LICENSE_COLUMNS = [
  'id',
  'customer_id',
  'module_name',
  'license_type',
  'allowed_major_versions',
  'issued_at',
  'expires_at',
  'grace_days',
  'revoked_at',
  'revoked_reason',
  'suspended_at',
  'suspended_reason',
  'instance_fingerprint',
  'entitlements',
  'token',
  'key_id',
  'revision',
  'notes',
  'version',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof License)[];

const CUSTOMER_COLUMNS = [
  'id',
  'name',
  'email',
  'company',
  'phone',
  'address',
  'notes',
  'is_active',
  'version',
  'created_at',
  'updated_at',
  'deleted_at',
  'restored_at',
] as const satisfies readonly (keyof Customer)[];

type CustomerColumn = (typeof CUSTOMER_COLUMNS)[number];

const OF_CUSTOMER = CUSTOMER_COLUMNS.map((column) => ({ column, selected: `customer_${column}` as const }));

/** A license, and its customer's columns with `customer_` before their names. */
type LicenseRow = Pick<
  License,
  (typeof LICENSE_COLUMNS)[number] | 'stored_status' | 'status_when_read' | 'seats'
> & {
  [Column in CustomerColumn as `customer_${Column}`]: Customer[Column];
};

/** Parameter: the ids. TypeORM would send two statements for a license and its customer, and have both planned each time. */
export const READ_LICENSES = new PreparedStatement<LicenseRow>(
  'licenses-read',
  `SELECT ${LICENSE_COLUMNS.map((column) => `license.${column}`).join(', ')},
          license.status AS stored_status, ${statusSql('license')} AS status_when_read, ${seatsSql('license')} AS seats,
          ${OF_CUSTOMER.map(({ column, selected }) => `customer.${column} AS ${selected}`).join(', ')}
   FROM licenses AS license JOIN customers AS customer ON customer.id = license.customer_id
   WHERE license.id = ANY($1::uuid[])`,
);

/** @returns the license with its customer, which is null once it was removed */
export function licenseOf(row: LicenseRow): License {
  const license = new License();
  const columns: Record<(typeof LICENSE_COLUMNS)[number], unknown> = license;
  for (const column of LICENSE_COLUMNS) columns[column] = row[column];
  license.stored_status = row.stored_status;
  license.status_when_read = row.status_when_read;
  license.seats = row.seats;
  license.customer_version = row.customer_version;
  license.customer = row.customer_deleted_at === null ? customerOf(row) : null;
  return license;
}

function customerOf(row: LicenseRow): Customer {
  const customer = new Customer();
  const columns: Record<CustomerColumn, unknown> = customer;
  for (const { column, selected } of OF_CUSTOMER) columns[column] = row[selected];
  return customer;
}
