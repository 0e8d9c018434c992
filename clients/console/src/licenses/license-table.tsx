import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client';
import { Table } from '../parts/table';
import { Time } from '../parts/time';
import { useTexts } from '../texts/language';
import { Status } from './status';

/** Licenses of a list; each leads to its page. */
export function LicenseTable({ licenses }: { licenses: readonly Schemas['LicenseSummary'][] }): ReactNode {
  const { licenses: texts } = useTexts();
  return (
    <Table
      caption={texts.title}
      columns={[texts.one, texts.customer, texts.status, texts.type, texts.versions, texts.ends]}
      rows={licenses.map((license) => ({
        key: license.id,
        cells: [
          <Link to="/licenses/$id" params={{ id: license.id }}>
            {license.module_name} <span className="faint">{license.id.slice(0, 8)}</span>
          </Link>,
          <Link to="/customers/$id" params={{ id: license.customer_id }}>
            {license.customer_id}
          </Link>,
          <Status of={license.status} />,
          texts.types[license.license_type],
          license.allowed_major_versions.join(', '),
          license.expires_at === null ? texts.never : <Time at={license.expires_at} withTime={false} />,
        ],
      }))}
    />
  );
}
