import type { Environment } from '@aegis/config';
import { type ErrorCode, PROBLEMS } from '@aegis/errors';
import { PROBLEM } from './operations';
import { type ApiDocument, operationsOf, referencedName, type Schema } from './shape';

const REQUEST_ID = '9f1c4c0e-6f0b-4f0e-8f0a-2d9a3f1c7b55';
const TOKEN =
  'eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImFlZ2lzLTIwMjYtMDEifQ.eyJqdGkiOiI3YTUxZjJmMCJ9.c2lnbmF0dXJl';

/** What a field holds where its schema shows nothing: a name means the same everywhere in the contract. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  actor: 'api_key:0aZ9bY8cX7dW',
  api_key_id: '0aZ9bY8cX7dW',
  app_name: 'AEGIS License Server',
  code: 'VALID',
  created_by: 'cli:operator',
  customer_id: 'acme',
  customer_name: 'Acme Corporation',
  db_uuid: '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002',
  domain: 'erp.acme.example',
  entitlements: { multi_company: true, max_employees: 250 },
  environment: 'production',
  expires_at: '2027-02-03T19:12:10.000Z',
  event_type: 'license.issued',
  fingerprint: 'sha256:9b74c9897bac770ffc029102a200c5de0d2e4f2f1d8c9a7b6e5f4d3c2b1a0987',
  jws: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImFlZ2lzLWNoZWNrcG9pbnQrand0Iiwia2lkIjoiYWVnaXMtMjAyNi0wMSJ9.eyJudW1iZXIiOjQ3MTF9.c2lnbmF0dXJl',
  issuer: 'https://license.biz4a.com',
  key: 'aegis_production_0aZ9bY8cX7dW_pQ4mJ7vK1sT9xB2nC5zR8wE3yU6iO0aL4dF7gH1jKqXsP2rV',
  key_id: 'aegis-2026-01',
  kid: 'aegis-2026-01',
  leaf: '["aegis-audit-1","4711","2026-02-03T19:12:10.000Z","license.issued",null,"acme","payroll","0aZ9bY8cX7dW","api_key:0aZ9bY8cX7dW",null,null,"{}",null]',
  module_name: 'payroll',
  name: 'Web shop',
  odoo_version: '17.0',
  prefix: 'aegis_production_0aZ9bY8cX7dW',
  reason: 'refunded',
  request_id: REQUEST_ID,
  root: 'XcnafBo73Hm6cKXqGm7k0kJrL3wZUWQ7h8VnK1t0i2E',
  token: TOKEN,
  version: '1.0.0',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};
const BY_FORMAT: Readonly<Record<string, string>> = {
  uuid: '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10',
  date: '2026-02-03',
  'date-time': '2026-02-03T19:12:10.000Z',
  email: 'licenses@acme.example',
  uri: 'https://licenses.example.com/docs',
};

/** Shows each request body, each answer and each problem by an example. */
export function addExamples(document: ApiDocument, { PUBLIC_URL }: Environment): void {
  const { schemas } = document.components;
  const shown = Object.values(document.components.responses ?? {}).flatMap((response) =>
    Object.keys(response.content?.[PROBLEM]?.examples ?? {}),
  );
  document.components.examples = Object.fromEntries(
    (Object.keys(PROBLEMS) as ErrorCode[])
      .filter((code) => shown.includes(code))
      .map((code) => [code, { summary: PROBLEMS[code].title, value: problem(code, PUBLIC_URL) }]),
  );
  for (const { operation } of operationsOf(document))
    for (const holder of [operation.requestBody, ...Object.values(operation.responses)])
      for (const [mediaType, media] of Object.entries(holder?.content ?? {}))
        if (mediaType !== PROBLEM && media.example === undefined && media.examples === undefined)
          media.example = exampleOf(media.schema, mediaType === 'text/plain' ? 'token' : '', schemas);
}

function problem(code: ErrorCode, publicUrl: string): unknown {
  const { status, title, description } = PROBLEMS[code];
  return {
    type: `${publicUrl}/problems/${code}`,
    title,
    status,
    detail: description,
    instance: '/api/v1/licenses',
    code,
    request_id: REQUEST_ID,
    ...(code === 'validation_failed' && {
      errors: [{ field: 'duration_days', message: 'must not be less than 1' }],
    }),
  };
}

/** @param name of the field that the schema describes; empty for a whole body */
function exampleOf(schema: Schema, name: string, schemas: Readonly<Record<string, Schema>>): unknown {
  if (schema.examples !== undefined) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  const types = [schema.type].flat();
  // Most of what may be null mostly is.
  if (types.includes('null') && !(name in BY_NAME)) return null;
  if (schema.enum !== undefined)
    return name in BY_NAME && schema.enum.includes(BY_NAME[name]) ? BY_NAME[name] : schema.enum[0];
  if (schema.$ref !== undefined) return exampleOf(schemas[referencedName(schema.$ref)] ?? {}, name, schemas);
  const [alternative] = schema.anyOf ?? schema.oneOf ?? [];
  if (alternative !== undefined) return exampleOf(alternative, name, schemas);
  if (name in BY_NAME && types.includes('string')) return BY_NAME[name];
  if (schema.format !== undefined && schema.format in BY_FORMAT) return BY_FORMAT[schema.format];
  if (types.includes('array')) return [exampleOf(schema.items ?? {}, name, schemas)];
  if (types.includes('object')) return objectExample(schema, schemas);
  if (types.includes('integer')) return 1;
  if (types.includes('boolean')) return true;
  return name === '' ? '' : name;
}

function objectExample(schema: Schema, schemas: Readonly<Record<string, Schema>>): unknown {
  const properties = Object.entries(schema.properties ?? {}).slice(0, schema.maxProperties);
  return Object.fromEntries(properties.map(([name, property]) => [name, exampleOf(property, name, schemas)]));
}
