import { inFile } from './fault.mjs';

export default {
  area: 'sessions',
  suites: [
    'test/e2e/sessions/sessions.spec.ts',
    'test/attacks/sessions.spec.ts',
    'libs/http/src/edge/cross-origin.spec.ts',
    'test/attacks/ended-callers.spec.ts',
  ],
  faults: [
    ...inFile('libs/http/src/callers/identification.ts', [
      [
        'takes a cookie without the header for a credential',
        "return request.headers[CONSOLE_HEADER.toLowerCase()] === '1';",
        'return request !== undefined;',
      ],
      [
        'takes any value of the header',
        "return request.headers[CONSOLE_HEADER.toLowerCase()] === '1';",
        'return request.headers[CONSOLE_HEADER.toLowerCase()] !== undefined;',
      ],
    ]),
    ...inFile('libs/http/src/edge/cross-origin.ts', [
      [
        'lets pages of CORS_ORIGINS send the header',
        '.filter((name) => name.trim().toLowerCase() !== NEVER_ALLOWED)',
        '',
      ],
      [
        'knows the header in one case only',
        'name.trim().toLowerCase() !== NEVER_ALLOWED',
        'name.trim() !== NEVER_ALLOWED',
      ],
    ]),
    ...inFile('libs/http/src/limits/rate-limiter.ts', [
      [
        'does not limit sessions',
        'const isBySession = key !== undefined && key.sessionId !== null;',
        'const isBySession = false;',
      ],
      [
        'lets a session bypass the own limit of its key',
        '...(isBySession && ownLimit === null ? [] :',
        '...(isBySession ? [] :',
      ],
    ]),
    ...inFile('libs/sessions/src/http/caller-identification.ts', [
      ['looks at no origin', "return { kind: 'other_origin' };", ''],
      [
        'takes requests without an origin',
        'request.headers.origin !== this.cookie.origin',
        '(request.headers.origin ?? this.cookie.origin) !== this.cookie.origin',
      ],
      [
        'prefers the cookie',
        "return byKey.kind === 'none' && isFromConsole(request)",
        'return isFromConsole(request)',
      ],
    ]),
    ...inFile('libs/sessions/src/http/session-cookie.ts', [
      ['chooses one of two cookies', 'others.length > 0', 'others.length > 99'],
      ['lets scripts read the cookie', 'httpOnly: true', 'httpOnly: false'],
      ['sends the cookie without TLS', 'secure: !isPlain', 'secure: false'],
      ['sends the cookie with links of others', "sameSite: 'strict'", "sameSite: 'lax'"],
      ['lets other hosts set the cookie', '`__Host-${NAME}`', 'NAME'],
      [
        'finds the cookie within the name of another',
        'pair.startsWith(beginning)',
        'pair.includes(beginning)',
      ],
    ]),
    ...inFile('libs/sessions/src/http/sessions.controller.ts', [
      [
        'signs in for pages of other origins',
        'if (origin !== undefined && origin !== this.cookie.origin)',
        'if (origin === null)',
      ],
      ['signs in without the header', 'if (!isFromConsole(request))', 'if (request === undefined)'],
      ['opens a session by a session', '@AnyKey({ sessions: false })', '@AnyKey()'],
      ['leaves the cookie where it was', 'this.cookie.clear(response);', ''],
    ]),
    ...inFile('libs/sessions/src/session-value.ts', [
      [
        'makes the same value always',
        "randomBytes(BYTES).toString('base64url')",
        "Buffer.alloc(BYTES, 7).toString('base64url')",
      ],
      ['makes short values', 'const BYTES = 32;', 'const BYTES = 16;'],
    ]),
    ...inFile('libs/sessions/src/session-authentication.ts', [
      [
        'forgets the 12 hours',
        "WHEN session.expires_at <= clock_timestamp() THEN 'expired'",
        "WHEN false THEN 'expired'",
      ],
      [
        'forgets the hour without use',
        "WHEN session.last_used_at <= clock_timestamp() - ${LONGEST_PAUSE} THEN 'idle'",
        "WHEN false THEN 'idle'",
      ],
      ['writes no use', 'this.uses.note(session_id, checked_at);', ''],
      ['does not say by which session', 'sessionId: session_id,', 'sessionId: null,'],
      [
        'looks at no key',
        "OR api_key.expires_at <= clock_timestamp() THEN 'key'",
        "AND api_key.expires_at <= clock_timestamp() THEN 'key'",
        'the end of a key has ended its sessions before',
      ],
    ]),
    ...inFile('libs/sessions/src/sessions.service.ts', [
      ['leaves the former session of the browser', "await this.remove(tx, actor, replaced, 'replaced');", ''],
      ['lets a key have any number of sessions', "await this.remove(tx, actor, surplus, 'too_many');", ''],
      [
        'ends the newest of too many',
        'ORDER BY last_used_at DESC, id OFFSET',
        'ORDER BY last_used_at, id OFFSET',
      ],
      ['opens sessions for former secrets', 'if (!key.hasCurrentSecret) throw new FormerSecret();', ''],
      ['outlives its key', 'least(api_key.expires_at, moment.now + ${LONGEST})', 'moment.now + ${LONGEST}'],
      [
        'hides its end from the trail',
        "type: 'session.ended' as const,",
        "type: 'session.created' as const,",
      ],
      [
        'does not wait for changes of the session that it ends',
        '{ ending: [sessionAsCaller(id)] }',
        '{ ending: [] }',
      ],
    ]),
    ...inFile('libs/sessions/src/session-visibility.ts', [
      [
        'shows everybody all sessions',
        "return grants(scopes, 'api-keys:manage') ? null : id;",
        'return scopes.length > 0 ? null : id;',
      ],
      [
        'shows nobody the sessions of others',
        "return grants(scopes, 'api-keys:manage') ? null : id;",
        'return scopes.length > 99 ? null : id;',
      ],
    ]),
    ...inFile('libs/sessions/src/session-times.ts', [
      ['lists expired sessions', '${session}.expires_at > clock_timestamp() AND ', ''],
      [
        'lists sessions that were left',
        ' AND ${session}.last_used_at > clock_timestamp() - ${LONGEST_PAUSE}',
        '',
      ],
    ]),
    ...inFile('migrations/1764320000000-add-sessions.ts', [
      [
        'leaves sessions of a deactivated key',
        '         NOT NEW.is_active OR NEW.deleted_at IS NOT NULL OR NEW.expires_at',
        '         NEW.expires_at',
      ],
      [
        'leaves sessions of a rotated key',
        'OR NEW.hash <> OLD.hash AND (NEW.version <> OLD.version OR NEW.pepper_version = OLD.pepper_version))',
        ')',
      ],
      [
        'ends sessions with a new pepper',
        'OR NEW.hash <> OLD.hash AND (NEW.version <> OLD.version OR NEW.pepper_version = OLD.pepper_version))',
        'OR NEW.hash <> OLD.hash)',
      ],
      [
        'revives sessions of a key that is extended',
        'UPDATE public.sessions SET expires_at = NEW.expires_at\n',
        'UPDATE public.sessions SET expires_at = expires_at\n',
      ],
      ['keeps sessions through a restore', '        DELETE FROM public.sessions;\n', ''],
      [
        'judges no session in the transaction',
        'AND session.expires_at > clock_timestamp()) END`,',
        ') OR true END`,',
      ],
      ['judges sessions that have ended', 'WHERE session.id = (caller', 'WHERE true OR session.id = (caller'],
      [
        'does not hold the session while it changes something',
        "SELECT jsonb_build_object('kind', 'session', 'id', caller ->> 'session'), false\n",
        "SELECT jsonb_build_object('kind', 'nothing', 'id', caller ->> 'session'), false\n",
      ],
    ]),
    ...inFile('libs/audit/src/actor.ts', [
      ['does not record the session', '...(sessionId !== undefined && { sessionId }),', ''],
    ]),
    ...inFile('libs/database/src/callers.ts', [
      [
        'judges the key in place of its session',
        '...(sessionId !== null && { session: sessionId })',
        '...(sessionId === proofs && { session: sessionId })',
      ],
    ]),
  ],
};
