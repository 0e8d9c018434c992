import { inFile } from './fault.mjs';

export default {
  area: 'guard',
  suites: [
    'libs/api-keys/src/http/api-key.guard.spec.ts',
    'libs/api-keys/src/http/api-key-identification.spec.ts',
    'libs/http/src/callers/route-access.spec.ts',
  ],
  faults: [
    ...inFile('libs/api-keys/src/http/api-key.guard.ts', [
      [
        'lets a route pass that declares nothing',
        "if (!access) throw new Error('a route declares no access');",
        'if (!access) return true;',
      ],
      [
        'lets a page of another origin pass',
        'throw new OriginRefused(new URL(this.environment.PUBLIC_URL).origin);',
        'return true;',
      ],
      [
        'takes a session where the key itself is asked for',
        'credential.key.sessionId !== null)',
        "credential.key.sessionId === '')",
      ],
      ['lets an ended session pass', 'throw new SessionRefused();', 'return true;'],
      ['needs no key', 'if (!needed) return true;', 'return true;'],
      [
        'lets a refused key pass on',
        "throw new Unauthorized(credential.because ?? 'refused');",
        'return true;',
      ],
      [
        'lets pass while keys cannot be checked',
        'throw new AuthenticationUnavailable(credential.error);',
        'return true;',
      ],
      ['takes either of two credentials', 'throw new ConflictingCredentials();', 'return true;'],
      ['asks for no scope', 'if (lacking.length > 0) throw new InsufficientScope(lacking);', ''],
      [
        'is content with one of several scopes',
        '!grants(credential.key.scopes, scope)',
        'needed.every((one) => !grants(credential.key.scopes, one)) && !grants(credential.key.scopes, scope)',
      ],
      ['never closes validation', 'return scope && [scope];', 'return undefined;'],
    ]),
    ...inFile('libs/access/src/scopes.ts', [
      ['gives every key all scopes', "held.includes(needed) || held.includes('admin')", 'true'],
      ['gives admin nothing more', "|| held.includes('admin')", ''],
    ]),
    ...inFile('libs/api-keys/src/http/api-key-identification.ts', [
      ['looks at the first of two keys', 'if (others.length > 0 || credential', 'if (credential'],
      ['looks at keys of any length', '|| credential.length > LONGEST_CREDENTIAL', ''],
    ]),
    ...inFile('libs/http/src/callers/access-check.ts', [
      [
        'starts with routes that declare nothing',
        'if (undeclared.length > 0)',
        'if (undeclared.length > 1000)',
      ],
    ]),
  ],
};
