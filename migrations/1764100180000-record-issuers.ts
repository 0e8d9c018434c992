import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Every issuer that licenses were issued under, so that a server which does not accept one of them can say so at its
 * start without reading the licenses.
 */
export class RecordIssuers1764100180000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE license_issuers (
        issuer text PRIMARY KEY,
        recorded_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT license_issuers_length CHECK (char_length(issuer) BETWEEN 1 AND 255)
      )`);
    // Takes a token's issuer without failing, whatever the token is: a byte that is not ASCII becomes an escape.
    await runner.query(`
      CREATE FUNCTION license_token_issuer(token text) RETURNS text
      LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
        SELECT substring(
          encode(
            decode(
              CASE WHEN length(payload) % 4 = 1 OR payload !~ '^[A-Za-z0-9_-]+$' THEN ''
                   ELSE translate(payload, '-_', '+/') || repeat('=', (4 - length(payload) % 4) % 4) END,
              'base64'),
            'escape')
          FROM '"iss"[[:space:]]*:[[:space:]]*"([^"\\\\]{1,255})"')
        FROM split_part(token, '.', 2) AS payload
      $$`);
    await runner.query(`REVOKE ALL ON FUNCTION license_token_issuer(text) FROM PUBLIC`);
    // Some ten seconds for a million licenses; nobody waits for them.
    await runner.query(`
      INSERT INTO license_issuers (issuer)
      SELECT DISTINCT issuer FROM licenses, LATERAL (SELECT public.license_token_issuer(token)) AS found (issuer)
      WHERE status = 'active' AND issuer IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION license_token_issuer(text)`);
    await runner.query(`DROP TABLE license_issuers`);
  }
}
