import { inFile } from './fault.mjs';

export default {
  area: 'configuration',
  suites: [
    'libs/config/src/dot-env.spec.ts',
    'libs/config/src/load-environment.spec.ts',
    'libs/config/src/production-rules.spec.ts',
    'libs/config/src/sources/dot-env.spec.ts',
    'libs/config/src/urls/url-settings.spec.ts',
    'libs/database/src/postgres-url.spec.ts',
    'libs/embedded-postgres/src/cluster-move.spec.ts',
    'libs/http/src/answers/answers.spec.ts',
    'libs/http/src/input/body/json-body.spec.ts',
  ],
  faults: [
    ...inFile('libs/config/src/sources/file-text.ts', [
      [
        'a byte order mark belongs to the first name',
        "text.replace(BYTE_ORDER_MARK, '')",
        "text.replace(/^never/, '')",
      ],
      ['UTF-16 is read as if it were UTF-8', 'if (part.includes(0)) return', 'if (part.length < 0) return'],
    ]),
    ...inFile('libs/config/src/sources/dot-env.ts', [
      ['an unquoted # is taken', "if (rest.includes('#'))", "if (rest.includes('##'))"],
      ['a name given twice takes the first', 'if (before === undefined) {', 'if (before !== 0) {'],
      ['text behind the closing quote is lost', '/^(\\s+#.*)?$/.test', '/^/.test'],
      [
        'a line that is not understood is ignored',
        '      problems.push({ line, rule: read });\n      return;',
        '      return;',
      ],
    ]),
    ...inFile('libs/config/src/load-environment.ts', [
      ['a refusal shows no example', "${rules.join('; ')}${exampleOf(property)}", "${rules.join('; ')}"],
    ]),
    ...inFile('libs/config/src/runtime-rules.ts', [
      [
        'production starts where no TLS is verified',
        "NODE_TLS_REJECT_UNAUTHORIZED === '0'",
        "NODE_TLS_REJECT_UNAUTHORIZED === 'no'",
      ],
      [
        'production starts where anyone may run code',
        '/^--inspect(-brk|-wait)?(=|$)/',
        '/^--inspect-never$/',
      ],
      ['a flag is missed for its underscores', "option.replaceAll('_', '-')", 'option'],
    ]),
    ...inFile('libs/config/src/rules.ts', [
      ['the greatest number is refused', 'value >= least && value <= most', 'value >= least && value < most'],
      [
        'webhooks may be opened to everything',
        'isNarrowCidr(String(entry)) && !isMapped(String(entry))',
        '!isMapped(String(entry))',
      ],
    ]),
    ...inFile('libs/config/src/sources/secret-file.ts', [
      [
        'further lines of a secret file are lost',
        'if (rest.length > 0) return',
        'if (rest.length > 9) return',
      ],
    ]),
    ...inFile('libs/config/src/sources/setting-sources.ts', [
      ['a link to nothing counts as no .env', "code === 'ENOENT' && !exists(path)", "code === 'ENOENT'"],
      [
        'an empty variable hides what .env says',
        "value !== undefined && value !== ''",
        'value !== undefined',
      ],
    ]),
    ...inFile('libs/config/src/urls/plain-url.ts', [
      ['white space in a URL is taken', 'if (NOT_PLAIN.test(text) || ', 'if ('],
      ['an upper-case scheme is taken', '/^[a-z][a-z0-9+.-]*:\\//', '/^[a-z][a-z0-9+.-]*:\\//i'],
    ]),
    ...inFile('libs/config/src/urls/postgres-url.ts', [
      ['a user that is given twice is taken', 'if (isTwice || user', 'if (user'],
      ['the port of a socket is lost', "taken.port === undefined ? '' :", "taken.port !== '' ? '' :"],
    ]),
    ...inFile('libs/config/src/production-rules.ts', [
      [
        'a Unix socket needs TLS',
        'isLoopback(url.hostname) || isSocketHost(url.hostname)',
        'isLoopback(url.hostname)',
      ],
    ]),
    ...inFile('libs/config/src/urls/service-links.ts', [
      [
        "Kubernetes' variables are not recognised",
        "!name.endsWith('_PORT') || ",
        "name.endsWith('_PORT') || ",
      ],
    ]),
    ...inFile('libs/embedded-postgres/src/cluster-folder.ts', [
      ['the cluster is where the system clears', "'/var/lib/aegis-embedded'", "'/var/tmp/aegis-embedded'"],
      [
        'an earlier cluster is left behind',
        '&& !existsSync(wanted) && isOurs(former);',
        '&& existsSync(wanted);',
      ],
    ]),
    ...inFile('libs/embedded-postgres/src/cluster-move.ts', [
      ['a cluster is moved under its user', 'if (isInUse(from)) return', 'if (from === to) return'],
    ]),
    ...inFile('libs/http/src/answers/json-answer.ts', [
      ['a JSON answer ends without a line feed', '${JSON.stringify(value)}\\n', '${JSON.stringify(value)}'],
    ]),
  ],
};
