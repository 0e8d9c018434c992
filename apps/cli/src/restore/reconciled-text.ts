import type { Reconciled } from '@aegis/restore';
import { printable } from '../terminal/printable';

const API_KEYS: Readonly<Record<Reconciled['api_keys'][number]['what'], string>> = {
  deleted: 'was deleted after the restored moment, and is deleted again',
  rotated: 'was rotated after the restored moment: its former secret counts again. Rotate it again',
  created: 'was created after the restored moment, and is gone. Create another one',
  updated: 'was changed after the restored moment: it has its former state. Change it again',
};

const WEBHOOKS: Readonly<Record<Reconciled['webhooks'][number]['what'], string>> = {
  deleted: 'was deleted after the restored moment, and is deleted again',
  disabled: 'was disabled after the restored moment, and is disabled again',
  rotated: 'was rotated after the restored moment: its former secret signs again. Rotate it again',
  created: 'was created after the restored moment, and is gone. Create another one',
  updated: 'was changed or enabled after the restored moment: it has its former settings. Change it again',
};

/** What became of a restored database, for people. */
export function reconciledText(
  reconciled: Reconciled,
  { dryRun, sealed }: { dryRun: boolean; sealed: boolean },
): string {
  const { after, to, checkpoints, records, unproven, next } = reconciled;
  const lines = [
    `${checkpoints} checkpoint(s), ${after + 1} to ${to}, with ${records} record(s) that the database did not have`,
    ...Object.entries(reconciled.changes).map(([type, count]) => `${type.padEnd(22)} ${count}`),
    ...reconciled.customers_restored.map(
      (id) => `customer ${id} is named "restored": its details are not in the trail`,
    ),
    ...reconciled.customers_outdated.map(
      (id) => `customer ${id} has its former details: later changes of them are not in the trail`,
    ),
    ...reconciled.notes_outdated.map(
      (id) => `license ${id} has its former notes: later changes of them are not in the trail`,
    ),
    ...reconciled.api_keys.map(
      ({ id, name, what }) => `API key ${id} (${printable(name)}) ${API_KEYS[what]}`,
    ),
    ...reconciled.webhooks.map(
      ({ id, origin, what }) => `webhook ${id} (${printable(origin)}) ${WEBHOOKS[what]}`,
    ),
    ...reconciled.keys_compromised.map(
      (kid) => `signing key ${kid} was declared compromised after the restored moment, and is so again`,
    ),
    ...lostActivationsText(reconciled.activations_lost),
    ...(reconciled.deliveries_sent_before > 0
      ? [
          `${reconciled.deliveries_sent_before} delivery(ies) of webhooks were open, and may have been made since: they are not repeated. POST /api/v1/admin/webhooks/{id}/redeliver repeats them`,
        ]
      : []),
    ...reconciled.files_without_checkpoints.map(
      (file) => `${printable(file)} does not have a checkpoint: is it the right file?`,
    ),
    ...(unproven === null ? [] : unprovenText(unproven, to)),
    ...(next === null
      ? []
      : [
          `audit records continue at ${next.audit_id}, status lists at ${next.status_list}, those of activations at ${next.activation_list}, events at ${next.event_position}`,
        ]),
  ];
  if (reconciled.not_replayed.length > 0)
    lines.push(
      '',
      `NOT REPLAYED: ${reconciled.not_replayed.length} record(s) without effect. Repeat these changes by hand:`,
      ...reconciled.not_replayed.map(
        ({ id, type, license_id, reason }) =>
          `  record ${id} (${printable(type)}${license_id === null ? '' : `, license ${license_id}`}): ${reason}`,
      ),
      '',
    );
  if (dryRun) return [...lines, 'Nothing was changed.'].join('\n');
  return [
    ...lines,
    sealed
      ? 'Reconciled, and sealed: start the servers.'
      : 'Reconciled: start the servers. The first one that can sign seals the record of it.',
  ].join('\n');
}

/** Their seats are taken offline and free here: given again, there are too many. */
function lostActivationsText({ count, named }: Reconciled['activations_lost']): string[] {
  return [
    ...named.map(({ activation_id, license_id, offline_until }) => {
      const until = offline_until === null ? 'its token' : 'its file, until ' + offline_until;
      return `activation ${printable(activation_id)} of license ${printable(license_id ?? '')} was admitted after the restored moment, and is gone: ${until}, still counts offline, and its seat is free. Let the machine ask again`;
    }),
    ...(count > named.length ? [`${count - named.length} more activations are gone`] : []),
  ];
}

function unprovenText(unproven: NonNullable<Reconciled['unproven']>, to: number): string[] {
  const { records, restrictions, restrictions_applied, ids_taken, without_text, unreadable } = unproven;
  const without = new Set(unproven.licenses_without_effect);
  return [
    `not proven: ${records} record(s), after checkpoint ${to} (${unproven.reason}); ${restrictions} of them revoke or suspend, ${restrictions_applied} of which took effect`,
    ...unproven.licenses.map(
      (id) => `  license ${printable(id)} ${without.has(id) ? 'did not take effect' : 'took effect'}`,
    ),
    ...unproven.other_restrictions.map(
      ({ type, subject, applied }) =>
        `  ${type} ${printable(subject)} ${applied ? 'took effect' : 'did not take effect'}`,
    ),
    ...(ids_taken > 0
      ? [`  the ids of ${ids_taken} were taken by records that were written after the restore`]
      : []),
    ...(without_text > 0
      ? [`  of ${without_text} only the hash was shipped: what they say is not known`]
      : []),
    ...unreadable.named.map(({ file, line }) => `  ${printable(file)} line ${line} can't be read`),
    ...(unreadable.count > unreadable.named.length
      ? [`  ${unreadable.count - unreadable.named.length} more lines can't be read`]
      : []),
  ];
}
