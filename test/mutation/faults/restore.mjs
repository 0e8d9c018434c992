import { inFile } from './fault.mjs';

export default {
  area: 'restore',
  suites: [
    'libs/checkpoints/src/shipping/shipped-trail.spec.ts',
    'libs/checkpoints/src/shipping/shipped-lines.spec.ts',
    'libs/checkpoints/src/shipping/lines-from-end.spec.ts',
    'libs/checkpoints/src/shipping/file-sink.spec.ts',
    'test/e2e/restore/reconcile.spec.ts',
    'libs/checkpoints/src/shipping/checkpoint-shipping.spec.ts',
    'test/e2e/restore/restored-commands.spec.ts',
    'libs/restore/src/replay/restrictions.spec.ts',
    'libs/restore/src/replay/replay-webhooks.spec.ts',
  ],
  faults: [
    ...inFile('libs/licensing/src/resign/license-resign.service.ts', [
      ['reports tokens of a restored database', 'await assertNotOutdated(tx);', ''],
    ]),
    ...inFile('libs/restore/src/replay/replay-webhooks.ts', [
      [
        'keeps the keys of webhooks that were deleted',
        "keys = '', previous_keys = NULL",
        'previous_keys = NULL',
      ],
      ['leaves webhooks that were disabled', 'SET is_active = false, disabled_reason', 'SET disabled_reason'],
    ]),
    ...inFile('libs/restore/src/replay/replay-activations.ts', [
      [
        'leaves the seats of activations taken that ended',
        'SET open = seats.open - 1',
        'SET open = seats.open',
      ],
      ['ends activations without their reason', "data.textOrNull('reason')", 'null'],
      [
        'lets a seat of an offline file be released',
        'SET offline_until = greatest(offline_until, $3)',
        'SET offline_until = CASE WHEN $3::timestamptz IS NULL THEN offline_until END',
      ],
    ]),
    ...inFile('libs/restore/src/replay/lost-activations.ts', [
      ['names activations that ended', 'this.lost.delete(id);', 'void id;'],
      ['names no activation without a file', "data.text('mode') === 'fixed'", "data.text('mode') === 'none'"],
    ]),
    ...inFile('libs/restore/src/replay/restrictions.ts', [
      [
        'does not name an activation that was ended',
        "case 'activation.ended': {",
        "case 'activation.none': {",
      ],
      ['does not name a renewal that withdrew tokens', "      case 'license.renewed':\n", ''],
      [
        'does not name an API key whose secret was replaced',
        "      case 'api_key.rotated':\n",
        "      case 'api_key.none':\n",
      ],
      ['does not name an API key that lost scopes', "'scopes', 'expires_at',", "'expires_at',"],
      ['does not name an API key that was deactivated', "data.flag('is_active') !== true)", 'false)'],
    ]),
    ...inFile('libs/status-lists/src/status-list-records.ts', [
      [
        'signs status lists of a restored database that was not surveyed',
        'if (rows.some(({ not_reconciled }) => not_reconciled)) throw new RestoreNotReconciled();',
        '',
      ],
    ]),
    ...inFile('libs/signing/src/ring/key-ring.service.ts', [
      ['publishes keys of a restored database', 'if (this.restored !== undefined) throw this.restored;', ''],
    ]),
    ...inFile('libs/checkpoints/src/shipping/http-sink.ts', [
      [
        'waits for a lease that a clock which was ahead gave',
        'leased_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + $3::interval',
        'leased_until < clock_timestamp()',
      ],
    ]),
    ...inFile('apps/cli/src/keys/key-set.ts', [
      [
        'exports keys of a restored database',
        'await assertNotOutdated(services.get(DataSource));',
        'void [assertNotOutdated, DataSource];',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/shipped-group.ts', [
      [
        'takes records that do not give the root',
        "rootHash(sealed.map(({ hash }) => hash)).toString('base64url') === claims.root",
        'claims.root !== undefined',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/shipped-trail.ts', [
      [
        'takes what no trusted key signed',
        "node.state !== 'forged' && (node.state === 'trusted' || isContinued)",
        "node.state !== 'forged'",
      ],
      [
        'takes the trail of another database',
        'isConnected: this.hasBase || this.path.length > 0,',
        'isConnected: true,',
      ],
      [
        'forgets checkpoints behind a gap that are older by their time',
        'others.filter((node) => !givenUp.has(node))',
        'others.filter((node) => !givenUp.has(node) && node.group.claims.iat >= this.base.iat)',
      ],
      [
        'forgets checkpoints whose numbers others have',
        'others.filter((node) => !givenUp.has(node))',
        'others.filter((node) => !givenUp.has(node) && node.group.claims.number > number)',
      ],
      [
        'forgets records behind which a checkpoint of before stands',
        'else if (one.hasTexts && !one.isWhole) this.notItsRecords.push(one);',
        '',
      ],
      [
        'names what was given up',
        'continues ? found.has(before) : await this.beginsGivenUp(claims)',
        'continues && found.has(before)',
      ],
      [
        'does not say which lines cannot be read',
        'this.unreadable.named.push({ file: source.name, line });',
        'void line;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/known-checkpoints.ts', [
      [
        'takes what was lost later for what was given up, where the clock was set back',
        'loss.to === after && (end > after || at <= loss.at)',
        'at <= loss.at',
      ],
      [
        'takes what was given up for lost, where the clock was set back',
        'loss.to === after && (end > after || at <= loss.at)',
        'loss.to === after && at <= loss.at',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/in-trail.ts', [
      [
        'takes another record of the same id for the one that was shipped',
        "return is_known ? 'taken' : 'missing';",
        "return is_known ? 'here' : 'missing';",
      ],
      [
        'takes the seal of another record for that of the one that was shipped',
        'WHERE audit_id = given.id AND leaf_hash = given.hash)\n              OR',
        'WHERE audit_id = given.id)\n              OR',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/unfinished-end.ts', [
      [
        'notes a restore because of records that a crash left behind',
        "states[index] !== 'here' && !isGivenUp",
        'states[index] !== undefined && !isGivenUp',
      ],
      [
        'notes a restore because of records that were given up',
        "states[index] !== 'here' && !isGivenUp(losses, { after, at }, last)",
        "states[index] !== 'here' && (at > 0 || !isGivenUp(losses, { after, at }, last))",
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/shipped-records.ts', [
      [
        'asks the database for an id that is not a number',
        'if (!isAuditId(id) || parsed(event_data) === undefined) return undefined;',
        'if ((!isAuditId(id) && id === "") || parsed(event_data) === undefined) return undefined;',
      ],
      [
        'takes data that are not JSON',
        'if (!isAuditId(id) || parsed(event_data) === undefined) return undefined;',
        'if (!isAuditId(id)) return undefined;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/shipped-lines.ts', [
      [
        'takes the rest of a line for one',
        'const isTooLong = length > mostBytes;',
        'const isTooLong = false;',
      ],
      ['counts no empty lines', '        offset += 1;\n        number += 1;\n', '        offset += 1;\n'],
    ]),
    ...inFile('libs/checkpoints/src/shipping/lines-from-end.ts', [
      [
        'keeps a line that is too long, found from the end',
        'rest === undefined || piece.length + rest.length > mostLength',
        'rest === undefined',
      ],
      ['loses the rest of a line in the block before', 'Buffer.concat([piece, rest])', 'piece'],
      ['takes what the block is overwritten with', 'rest &&= Buffer.from(rest);', ''],
    ]),
    ...inFile('libs/checkpoints/src/shipping/file-sink.ts', [
      [
        'does not see that its file has changed',
        'if (this.known?.file === same)',
        'if (this.known !== undefined)',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/shipped-trail-file.ts', [
      ['forgets records whose checkpoint is missing', 'yield* leftOver(passedOver);', ''],
      [
        'names what a crash cut and what was written again',
        'this.waiting.filter((line) => !isCutShort(line.text, text))',
        'this.waiting.filter(() => true)',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/checkpoint-shipping.ts', [
      [
        'ships no checkpoint that continues the one before the loss',
        'this.acknowledged = common ?? (',
        'this.acknowledged = common === undefined ? shipped.number : (',
      ],
      [
        'serves from an older state although its sink is ahead',
        "    if (state === 'lost') return true;\n",
        '    if (state !== undefined) return true;\n',
      ],
      [
        'serves from an older state although its sink has records of a later one',
        'this.isEndCompared = lost === undefined;\n    if (lost === undefined) return true;',
        'return true;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/shipped-end.ts', [
      [
        'notes a restore that was reconciled again',
        "isGivenUp(losses, { after, at }, row.last) ? 'lost' : 'restored'",
        "'restored'",
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/known-checkpoints.ts', [
      [
        'passes over what another server shipped, where no loss was accepted',
        'FROM restores WHERE loss_accepted AND',
        'FROM restores WHERE',
      ],
    ]),
    ...inFile('libs/licensing/src/validate/validation.service.ts', [
      [
        'gives verdicts without a record from an older state',
        'if (rows[0]?.not_reconciled === true) throw new RestoreNotReconciled();',
        '',
      ],
    ]),
    ...inFile('libs/status-lists/src/status-list-records.ts', [
      [
        'signs status lists from an older state',
        'if (row.not_reconciled) throw new RestoreNotReconciled();',
        '',
      ],
    ]),
    ...inFile('libs/restore/src/reconciliation.ts', [
      [
        'continues without proven records that nobody agreed to leave out',
        'if (failed.length === 0 || skipUnreplayable) return;',
        'if (failed.length >= 0) return;',
      ],
      [
        'writes in a dry run',
        'if (options.dryRun && reconciled !== undefined) throw new NothingWritten(reconciled);',
        '',
      ],
      [
        'is carried out by several at once',
        'const restore = await lockedRestore(tx);',
        'const restore = await openRestore(tx);',
      ],
    ]),
    ...inFile('libs/restore/src/unproven.ts', [
      [
        'passes over what is not proven',
        'if (unproven === undefined && !acceptLoss)',
        'if (unproven === undefined && !acceptLoss && counts.records < 0)',
      ],
      [
        'applies unproven grants',
        'if (!isRestriction(fields)) return;\n    this.counts.restrictions += 1;',
        'this.counts.restrictions += 1;',
      ],
      [
        'passes over lines that cannot be read',
        '&& counts.records === 0 && unreadable.count === 0) return null;',
        '&& counts.records === 0) return null;',
      ],
      [
        'says that something took effect that did not',
        '(await this.replay.repeat(fields)) && (await tookEffect(this.tx, fields))',
        '(await this.replay.repeat(fields)) || true',
      ],
      ['says that something took effect on what is not there', ' && (await tookEffect(this.tx, fields))', ''],
    ]),
    ...inFile('libs/restore/src/replay/replay.ts', [
      [
        'is impossible because of one record that cannot be replayed',
        'if (reason === undefined) throw error;',
        'throw error;',
      ],
    ]),
    ...inFile('libs/restore/src/trail-import.ts', [
      ['mixes records of two histories', 'if (!is_same || is_sealed)', 'if (is_sealed)'],
    ]),
    ...inFile('libs/restore/src/replay/replay-licenses.ts', [
      ['leaves older tokens valid', "if (data.flag('superseded') === true)", 'if (false)'],
    ]),
    ...inFile('libs/restore/src/replay/replay-seats.ts', [
      [
        'forgets the seats of lost licenses',
        'if (seats !== null) await SEATS.add(tx,',
        'if (false) await SEATS.add(tx,',
      ],
      [
        'takes seats from licenses whose record says nothing of them',
        "else if (data.textsOrNone('fields').includes('seats')) {",
        'else {',
      ],
      ['still counts what was no longer counted', '    await SEATS.clear(tx, id);\n', ''],
      [
        'leaves those who held seats that were no longer counted',
        '    await endActivations(tx, [id],',
        '    await endActivations(tx, [],',
      ],
      [
        'forgets other numbers of seats',
        'for (const { id } of rows) if (seats !== null)',
        'for (const { id } of rows) if (false)',
      ],
      ['keeps the names of a removed customer', '  await forgetNames(tx, ids);\n', ''],
    ]),
    ...inFile('libs/restore/src/leap-sequences.ts', [
      ['takes a false list as one that was begun', '+ ${MOST_LISTS_BEGUN}', '+ 2147483647'],
      ['gives places a second time', 'list + 1 + CASE', 'list + 0 + CASE'],
    ]),
    ...inFile('libs/license-import/src/adopted-places.ts', [
      [
        'gives a token a place that may be given again',
        'line.place === null || places.numberOf(line.place) > last',
        'line.place === null',
      ],
      ['keeps the place from an imported token', "places.get(line) === 'free' ? line.place : null", 'null'],
    ]),
  ],
};
