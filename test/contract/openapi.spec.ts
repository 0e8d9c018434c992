import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { EVENT_NAMES } from '@aegis/events';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractFolder, readContract, resolved, routesOf, type Schema } from '../support/contract/contract';
import { VERSION } from '../support/version';

const ROOT = join(__dirname, '../..');
const contract = readContract();
const document = join(contractFolder() ?? '', 'openapi.json');
const routes = routesOf(contract);

/** Runs a tool of node_modules, without its telemetry and without a look for newer versions. */
function run(tool: string, ...args: string[]): { status: number | null; output: string } {
  const entry = { redocly: '@redocly/cli/bin/cli.js', 'openapi-typescript': 'openapi-typescript/bin/cli.js' }[
    tool
  ];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules', entry ?? tool), ...args],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: {
        ...process.env,
        REDOCLY_TELEMETRY: 'off',
        REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
        REDOCLY_SUPPRESS_NOTIFICATIONS: 'true',
        NO_COLOR: '1',
      },
    },
  );
  return { status, output: stdout + stderr };
}

describe('the served OpenAPI document', () => {
  it("breaks none of redocly's recommended rules", () => {
    const { status, output } = run(
      'redocly',
      'lint',
      document,
      '--config',
      join(ROOT, 'redocly.yaml'),
      '--format',
      'json',
    );
    const { totals, problems } = JSON.parse(
      output.slice(output.indexOf('{\n'), output.lastIndexOf('}') + 1),
    ) as {
      totals: { errors: number; warnings: number };
      problems: { message: string }[];
    };
    expect(problems).toEqual([]);
    expect(totals).toMatchObject({ errors: 0, warnings: 0 });
    expect(status).toBe(0);
  });

  it('has a webhook for each type of event, and that of a test, with an example that its schema admits', () => {
    const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    ajv.addSchema({ $id: 'contract', components: contract.components });
    const sent = Object.entries(contract.webhooks);
    expect(sent.map(([name]) => name)).toEqual([...EVENT_NAMES, 'webhook.test']);
    for (const [name, { post }] of sent) {
      const { schema, example } = post.requestBody!.content['application/json']!;
      const validate = ajv.compile({ $ref: `contract${schema.$ref}` });
      expect([validate(example), validate.errors, example]).toEqual([
        true,
        null,
        expect.objectContaining({ type: name }),
      ]);
      // Another type, another place or a field more is not what the server sends.
      for (const other of [{ type: 'other' }, { position: 1 }, { sequence: 'one' }, { name: 'Ada' }])
        expect(validate({ ...(example as object), ...other })).toBe(false);
    }
  });

  it('is what the committed client was generated from', () => {
    const { status, output } = run('openapi-typescript', document);
    expect(status).toBe(0);
    const committed = readFileSync(join(ROOT, 'clients/typescript/schema.d.ts'), 'utf8');
    // A differing file is thousands of lines: say what to do instead of showing them.
    if (output.trim() !== committed.trim())
      throw new Error('clients/typescript/schema.d.ts is outdated: run `npm run generate:client`');
  });

  it('is OpenAPI 3.1 of this version', () => {
    expect(contract.openapi).toBe('3.1.0');
    expect(contract.info).toMatchObject({ title: 'AEGIS License Server', version: VERSION });
    expect(contract.info).toHaveProperty('license.name');
    expect(contract.info).toHaveProperty('contact.url');
    expect(contract.servers[0]?.url).toBe('/');
  });

  it.each(routes.map((route) => [route.operation.operationId, route] as const))(
    '%s has a summary, a described tag, examples and headers',
    (operationId, { path, operation }) => {
      expect(operationId).toMatch(/^[a-z]+[A-Za-z]+$/);
      expect(operation.summary).not.toBe('');
      expect(operation.tags).toHaveLength(1);
      expect(contract.tags.find(({ name }) => name === operation.tags[0])?.description).toBeTruthy();
      for (const media of Object.values(operation.requestBody?.content ?? {})) {
        expect(media.example).toBeDefined();
        // Deployed clients of v0.8 send fields of their own with a validation.
        expect(resolved(contract, media.schema).additionalProperties).toBe(operationId === 'validateLicense');
      }
      for (const [status, declared] of Object.entries(operation.responses)) {
        const { headers, content = {}, description } = resolved(contract, declared);
        expect(description).not.toBe('');
        expect(headers).toHaveProperty(['X-Request-ID']);
        const limited = '429' in operation.responses;
        const limits = ['RateLimit', 'RateLimit-Policy', 'X-RateLimit-Limit', 'X-RateLimit-Remaining'];
        for (const name of [...limits, 'X-RateLimit-Reset']) expect(name in (headers ?? {})).toBe(limited);
        const isProblem = 'application/problem+json' in content;
        expect(isProblem).toBe(Number(status) >= 400 && !(status === '503' && path.startsWith('/health')));
        const { security = [] } = operation as { security?: object[] };
        const isClosed = security.length > 0 && security.every((scheme) => Object.keys(scheme).length > 0);
        if (isProblem || isClosed) expect(headers).toHaveProperty(['Cache-Control']);
        expect('Retry-After' in (headers ?? {})).toBe(isProblem && ['429', '503'].includes(status));
        expect('WWW-Authenticate' in (headers ?? {})).toBe(status === '401');
        for (const media of Object.values(content)) expect(media.example ?? media.examples).toBeDefined();
      }
    },
  );

  it('has unique operation ids', () => {
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('contains only schemas of JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({
      strict: true,
      strictRequired: true,
      allowUnionTypes: true,
      validateFormats: false,
    });
    // Of OpenAPI (3.1, section 4.8.25).
    ajv.addVocabulary(['components', 'discriminator']);
    const text = JSON.stringify(contract.components).replaceAll('"#/components/', '"contract#/components/');
    ajv.addSchema(
      { $id: 'contract', ...({ components: JSON.parse(text) } as object) },
      undefined,
      undefined,
      false,
    );
    for (const name of Object.keys(contract.components.schemas!))
      expect(() => ajv.compile({ $ref: `contract#/components/schemas/${name}` })).not.toThrow();
    expect(JSON.stringify(contract)).not.toContain('"nullable"');
    expect(JSON.stringify(contract)).not.toContain('"type":"number"');
  });

  it.each([
    ['IssueLicense', 'customer_id', { type: 'string', pattern: '^[A-Za-z0-9_-]{1,50}$' }],
    ['IssueLicense', 'module_name', { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,100}$' }],
    ['IssueLicense', 'duration_days', { type: 'integer', minimum: 1, maximum: 36_500 }],
    ['IssueLicense', 'notes', { type: ['string', 'null'], maxLength: 2000 }],
    ['IssueLicense', 'instance_fingerprint', { pattern: '^sha256:[0-9a-f]{64}$' }],
    [
      'IssueLicense',
      'allowed_major_versions',
      { minItems: 1, maxItems: 50, uniqueItems: true, items: { type: 'string', pattern: '^[0-9]{1,10}$' } },
    ],
    ['CreateCustomer', 'id', { pattern: '^[A-Za-z0-9_-]{1,50}$' }],
    ['CreateCustomer', 'name', { minLength: 1, maxLength: 200 }],
    ['CreateCustomer', 'email', { type: ['string', 'null'], format: 'email' }],
    ['Reason', 'reason', { minLength: 1, maxLength: 500 }],
    ['ValidateBatch', 'items', { minItems: 1, maxItems: 1000 }],
    ['License', 'id', { type: 'string', format: 'uuid' }],
    ['License', 'expires_at', { type: ['string', 'null'], format: 'date-time' }],
    ['License', 'revision', { type: 'integer' }],
    ['Verdict', 'license_type', { anyOf: [{ $ref: '#/components/schemas/LicenseType' }, { type: 'null' }] }],
  ] as [string, string, Schema][])('says of %s.%s what the rules say', (name, field, rules) => {
    expect(contract.components.schemas?.[name]?.properties?.[field]).toMatchObject(rules);
  });

  it('marks as required exactly the fields that are always present', () => {
    const required = (name: string): unknown => contract.components.schemas?.[name]?.required;
    expect(required('IssueLicense')).toEqual(
      expect.arrayContaining(['customer_id', 'module_name', 'allowed_major_versions', 'license_type']),
    );
    expect(required('IssueLicense')).toHaveLength(4);
    expect(required('UpdateCustomer')).toBeUndefined();
    expect(required('LicensePage') ?? required('LicenseSummaryPage')).not.toContain('total_is_estimate');
    expect(contract.components.schemas?.RenewLicense).toMatchObject({ minProperties: 1, maxProperties: 1 });
  });
});
