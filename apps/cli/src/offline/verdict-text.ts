import type { OfflineVerdict, Revocation } from '@aegis/license-token';
import { printable } from '../terminal/printable';

/** What a verdict says nothing about, since it was not given. */
export type Unasked = 'module' | 'version';

const REVOCATION: Readonly<Record<Revocation, string>> = {
  fresh: 'not revoked, by a fresh status list',
  stale: 'not revoked when the status list was made, which is not fresh',
  none: 'not known: no status list says it',
};

/** A verdict without the server, for people. */
export function verdictText(verdict: OfflineVerdict, unasked: readonly Unasked[]): string {
  const { valid, code, error, warnings, license_id, customer_name, activation, revocation } = verdict;
  const lines = [`${code}${error === null ? '' : `: ${error}`}`];
  if (license_id !== null)
    lines.push(
      `license      ${printable(license_id)}, ${String(verdict.license_type)}, of ${printable(customer_name ?? '')}`,
      `end          ${verdict.expires_at === null ? 'none' : verdict.expires_at.toISOString()}`,
    );
  if (activation !== null)
    lines.push(
      `seat         ${printable(activation.id)}${activation.lease_ends_at === null ? '' : `, until ${activation.lease_ends_at.toISOString()}`}`,
    );
  if (valid) lines.push(`revocation   ${REVOCATION[revocation]}`);
  if (warnings.length > 0) lines.push(`warnings     ${warnings.join(', ')}`);
  const entitlements = Object.entries(verdict.entitlements);
  if (entitlements.length > 0)
    lines.push(
      `grants       ${printable(entitlements.map(([name, value]) => `${name}=${String(value)}`).join(', '))}`,
    );
  if (valid && unasked.length > 0)
    lines.push(
      `Not asked: ${unasked.join(', ')}. ${unasked.map((one) => OPTION[one]).join(' and ')} ask it.`,
    );
  return lines.join('\n');
}

const OPTION: Readonly<Record<Unasked, string>> = { module: '--module', version: '--host-version' };
