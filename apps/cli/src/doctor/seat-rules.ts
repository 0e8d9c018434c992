import { CLAIMS_OF_NEWEST, RESTORE, type RowRule } from './row-rules';

/** What rows of seats and activations must not contradict. */
export const SEAT_RULES: readonly RowRule[] = [
  {
    message: 'licenses whose newest token asks for seats that are not on record: no installation is admitted',
    remedy: 'Reissue them with `seats`.',
    broken: `
      SELECT l.id::text AS id FROM licenses AS l, LATERAL (${CLAIMS_OF_NEWEST}) AS newest
      WHERE l.token IS NOT NULL AND l.status IN ('active', 'suspended') AND claims ~ '"seats"\\s*:\\s*[{]'
        AND NOT EXISTS (SELECT FROM license_seats AS s WHERE s.license_id = l.id AND s.counted)`,
  },
  {
    message: 'licenses whose newest token does not say the seats that are on record: nobody asks for them',
    remedy: 'Reissue them (`{}` is enough): a server of the previous version signed it during an upgrade.',
    broken: `
      SELECT l.id::text AS id FROM license_seats AS s JOIN licenses AS l ON l.id = s.license_id,
             LATERAL (${CLAIMS_OF_NEWEST}) AS newest
      WHERE s.counted AND l.token IS NOT NULL AND l.status IN ('active', 'suspended')
        AND (claims !~ ('"seats"\\s*:\\s*[{][^}]*"mode"\\s*:\\s*"' || s.mode || '"')
             OR claims !~ ('"seats"\\s*:\\s*[{][^}]*"required"\\s*:\\s*' || s.required::text))`,
  },
  {
    message: 'licenses whose number of open activations is not the one that admissions count by',
    remedy: `${RESTORE} Then set license_seats.open to the number of activations without an end.`,
    broken: `
      SELECT s.license_id::text AS id FROM license_seats AS s
      LEFT JOIN (SELECT license_id, count(*) AS rows FROM activations WHERE ended_at IS NULL GROUP BY license_id) AS a
        ON a.license_id = s.license_id
      WHERE s.open <> coalesce(a.rows, 0)`,
  },
  {
    message: 'licenses of which a lease ends before admissions look for one that has ended',
    remedy: `${RESTORE} Then set license_seats.no_lapse_before to the earliest of these ends.`,
    broken: `
      SELECT s.license_id::text AS id FROM license_seats AS s
      JOIN (SELECT license_id, min(lease_ends_at) AS earliest FROM activations WHERE ended_at IS NULL GROUP BY license_id) AS a
        ON a.license_id = s.license_id
      WHERE a.earliest < coalesce(s.no_lapse_before, 'infinity')`,
  },
  {
    message: 'licenses that do not count seats, and of which an activation has not ended',
    remedy: RESTORE,
    broken: `
      SELECT s.license_id::text AS id FROM license_seats AS s
      WHERE NOT s.counted AND EXISTS (SELECT FROM activations AS a WHERE a.license_id = s.license_id AND a.ended_at IS NULL)`,
  },
];
