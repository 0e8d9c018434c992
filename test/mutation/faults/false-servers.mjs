import { inFile } from './fault.mjs';

const client = 'clients/typescript';
const seats = `${client}/src/seats`;
const lists = `${client}/src/status-lists`;

/** What a client believes of what answers in the server's place. */
export default {
  area: 'false servers',
  suites: [
    `${client}/src/redirects.spec.ts`,
    `${seats}/seat-holder.spec.ts`,
    `${lists}/status-lists.spec.ts`,
    'libs/license-token/src/status-lists/status-list.spec.ts',
  ],
  faults: [
    ...inFile(`${client}/index.ts`, [
      ['sends the API key where a redirect leads', "redirect: 'manual',", "redirect: 'follow',"],
    ]),
    ...inFile(`${seats}/seat-server.ts`, [
      ['sends the license token where a redirect leads', "redirect: 'manual',", "redirect: 'follow',"],
      ['takes a redirect for a refusal', ' || (status >= 300 && status < 400)', ''],
      ['reads an answer of any length', 'boundedText(answer, MAX_BYTES)', 'boundedText(answer, Infinity)'],
      ['makes an address of any id', "typeof id === 'string' && UUID.test(id)", "typeof id === 'string'"],
      ['takes a number for an activation token', "(token === null || typeof token === 'string') &&", ''],
    ]),
    ...inFile(`${seats}/seat-holder.ts`, [
      [
        'asks as often as the server says',
        'Math.max(heartbeat_after ?? LONGEST_S, LEAST_DUE_S)',
        'heartbeat_after ?? LONGEST_S',
      ],
      ['waits for as long as the server says', 'LEAST_DUE_S), MOST_DUE_S)', 'LEAST_DUE_S), Infinity)'],
    ]),
    ...inFile(`${seats}/seat-state.ts`, [
      [
        'takes a license that nobody signed',
        'return (await isProven(brought, trust)) ? brought : null;',
        'return trust ? brought : null;',
      ],
      ['takes an older license', ' || (next.rev ?? 0) < (now.rev ?? 0)', ''],
      [
        'takes up a license that nobody signed',
        '&& (await isProven(kept.license_token, trust));',
        '&& trust !== undefined;',
      ],
      [
        'fails where its keys are not there',
        'return (await provenClaims(token, trust)) !== null;\n  } catch {\n    return false;',
        'return (await provenClaims(token, trust)) !== null;\n  } catch (error) {\n    throw error;',
      ],
    ]),
    ...inFile(`${client}/src/proven-license.ts`, [
      [
        'asks an address that a stranger wrote',
        "(await proofByKeySet(parsed, keySet, now)) === 'holds'",
        "(await proofByKeySet(parsed, keySet, now)) !== 'compromised'",
      ],
    ]),
    ...inFile(`${lists}/status-list-keeper.ts`, [
      [
        'lets an older list in once the clock is set back',
        'if (list?.uri === this.options.uri) this.kept',
        'if (list && this.refuses(list) === null) this.kept',
      ],
      ['plans what no timer takes', 'Math.min(Math.max(freshFor, 0), LONGEST_S)', 'Math.max(freshFor, 0)'],
    ]),
    ...inFile('libs/license-token/src/status-lists/inflate.ts', [
      [
        'reads a list that is there twice',
        'return (await inflatedPrefix(compressed.subarray(0, -1), limit)) === null ? whole : null;',
        'return whole;',
      ],
    ]),
  ],
};
