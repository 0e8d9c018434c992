import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { parse as parseYaml } from 'yaml';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings } from '../libs/config/src/setting';
import '../libs/config/src/environment';

const ROOT = join(__dirname, '..');
const FOLDER = join(ROOT, 'docker');

interface Service {
  image?: string;
  build?: object;
  command?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  ports?: string[];
  volumes?: string[];
  network_mode?: string;
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  restart?: string;
  mem_limit?: string;
  pids_limit?: number;
  depends_on?: object;
}
interface ComposeFile {
  services: Record<string, Service>;
  secrets?: Record<string, { file: string }>;
}

const schema = JSON.parse(
  readFileSync(join(ROOT, 'test/data/compose-spec/compose-spec.json'), 'utf8'),
) as object;
// The schema uses keywords of its own, which only say things to people.
const ajv = addFormats(new Ajv2020({ allErrors: true, strict: false }));
const conforms = ajv.compile(schema);

const parse = (text: string): unknown => parseYaml(text, { merge: true });

function problemsOf(text: string): string[] {
  if (conforms(parse(text))) return [];
  return (conforms.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Settings of ours that a file gives, which no server knows. */
function unknownSettings({ services }: ComposeFile): string[] {
  return Object.values(services)
    .filter(isOurs)
    .flatMap(({ environment = {} }) => Object.keys(environment))
    .filter((name) => !isSetting(name));
}

function isSetting(name: string): boolean {
  if (settings().has(name)) return true;
  return name.endsWith('_FILE') && settings().get(name.slice(0, -'_FILE'.length))?.secret === true;
}

const isOurs = ({ image }: Service): boolean => image?.startsWith('${AEGIS_IMAGE') === true;

const files = readdirSync(FOLDER)
  .filter((name) => /^compose.*\.yaml$/.test(name))
  .map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')] as const);
const read = (text: string): ComposeFile => parse(text) as ComposeFile;
const production = files
  .filter(([name]) => name !== 'compose.yaml')
  .flatMap(([, text]) => Object.entries(read(text).services));

describe('the compose files', () => {
  it('are these', () => {
    expect(files.map(([name]) => name).sort()).toEqual([
      'compose.observability.yaml',
      'compose.prod.yaml',
      'compose.yaml',
    ]);
  });

  describe.each(files)('%s', (_name, text) => {
    it('is what the Compose specification allows', () => {
      expect(problemsOf(text)).toEqual([]);
    });

    it.each([
      ['of a service', /^ {4}image:/m, '    imaeg:'],
      ['of the file', /^services:/m, 'servcies:'],
      ['of a limit', /^ {4}mem_limit:/m, '    mem_limt:'],
      ['of a volume', /^volumes:/m, 'volums:'],
    ])('with a misspelt field %s is refused', (_, right, wrong) => {
      expect(text).toMatch(right);
      expect(problemsOf(text.replace(right, wrong))).not.toEqual([]);
    });

    it('gives the server settings that it knows', () => {
      expect(unknownSettings(read(text))).toEqual([]);
    });

    it('names each image by an exact version', () => {
      const images = Object.values(read(text).services)
        .filter((service) => !isOurs(service))
        .map(({ image = '' }) => /^\$\{[A-Z_]+:-(.*)\}$/.exec(image)?.[1] ?? image);
      for (const image of images)
        expect(image).toMatch(/^docker\.io\/[a-z0-9/-]+:v?[0-9]+\.[0-9]+[0-9a-z.-]*$/);
    });

    it('publishes ports on this machine alone', () => {
      for (const { ports = [] } of Object.values(read(text).services))
        for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    });

    it('mounts each secret that it declares', () => {
      const { services, secrets = {} } = read(text);
      const mounted = Object.values(services).flatMap((service) => service.secrets ?? []);
      expect([...new Set(mounted)].sort()).toEqual(Object.keys(secrets).sort());
    });
  });

  it('a setting that no server knows would be noticed', () => {
    const [, text = ''] = files.find(([name]) => name === 'compose.prod.yaml') ?? [];
    expect(unknownSettings(read(text.replace(/^ {6}KEYS_DIR:/m, '      KEY_DIR:')))).toEqual(['KEY_DIR']);
    expect(unknownSettings(read(text.replaceAll('DATABASE_URL_FILE:', 'DATABSE_URL_FILE:')))).toContain(
      'DATABSE_URL_FILE',
    );
  });

  it.each(production)(
    '%s is limited, restarted, read-only and without capabilities in production',
    (_, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        mem_limit: expect.stringMatching(/[0-9]+[mg]\}?$/),
        pids_limit: expect.any(Number),
        restart: expect.stringMatching(/^(unless-stopped|on-failure:[0-9]+)$/),
      });
      if (isOurs(service)) expect(service.cap_add).toBeUndefined();
    },
  );

  it.each(production)(
    '%s gets secrets as files alone in production',
    (_, { environment = {}, command = [] }) => {
      const secrets = Object.keys(environment).filter(
        (name) => settings().get(name)?.secret === true || /(PASSWORD|SECRET|TOKEN)$/.test(name),
      );
      expect(secrets).toEqual([]);
      for (const [name, value] of Object.entries(environment))
        if (name.endsWith('_FILE')) expect(value).toMatch(/^\/run\/secrets\/[a-z-]+$/);
      expect(command.join(' ')).not.toMatch(/:\/\/[^/]*:.*@|password=/i);
    },
  );
});
