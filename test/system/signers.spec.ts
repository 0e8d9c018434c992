import { Pkcs11Source } from '../../libs/signing/src/signers/pkcs11/pkcs11-source';
import { loadPkcs11 } from '../../libs/signing/src/signers/pkcs11/pkcs11-module';
import { SignerGuard } from '../../libs/signing/src/signers/signer-guard';
import { VaultSession } from '../../libs/signing/src/signers/vault-session';
import { VaultSource } from '../../libs/signing/src/signers/vault-source';
import { Client } from '../support/requests/client';
import { aLicense } from '../support/factories';
import { Processes } from '../support/processes/server-process';
import { describeSignerSource, type SignerBench } from '../support/signers/conformance';
import { OpenBao } from '../support/signers/open-bao';
import { hasSoftHsm, SoftHsm } from '../support/signers/soft-hsm';

// Under CI a missing tool is a failure, not a reason to skip.
const describeWithHsm = hasSoftHsm || process.env.CI === 'true' ? describe : describe.skip;
const because = hasSoftHsm ? '' : ' (Debian packages softhsm2, opensc, g++, make and python3 are needed)';

describeWithHsm(`SoftHSM2${because}`, () => {
  let hsm: SoftHsm;

  beforeAll(() => {
    hsm = new SoftHsm(process.env.SOFTHSM2_CONF ?? '');
    hsm.installAddon();
    // The library reads which tokens there are when it is loaded.
    token = hsm.makeToken();
    hsm.makeKey(token, 'first');
  });
  afterAll(() => {
    hsm.close();
  });

  let token: string;
  let keys = 0;

  describeSignerSource('by way of the addon', () => {
    keys += 1;
    const second = `second-${keys}`;
    const bench: SignerBench = {
      kid: 'first',
      source: (tools) =>
        new Pkcs11Source(loadPkcs11(hsm.module, hsm.addon), {
          token,
          pin: hsm.pin,
          size: 2,
          guard: new SignerGuard(tools),
          openTimeoutMs: tools.openTimeoutMs,
        }),
      rotate: () => {
        hsm.makeKey(token, second);
        return Promise.resolve(second);
      },
      close: () => Promise.resolve(),
    };
    return Promise.resolve(bench);
  });

  it('signs the licenses of the built server', async () => {
    const processes = new Processes();
    const server = await processes
      .server({
        ENVIRONMENT: 'test',
        DATA_DIR: processes.emptyFolder(),
        KEYS_DIR: processes.emptyFolder(),
        SIGNER: 'pkcs11',
        PKCS11_MODULE: hsm.module,
        PKCS11_TOKEN: token,
        PKCS11_PIN: hsm.pin,
        KEY_ID: 'first',
        NODE_PATH: hsm.nodePath,
        SOFTHSM2_CONF: process.env.SOFTHSM2_CONF ?? '',
        LOG_FORMAT: 'json',
      })
      .ready();
    const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    const client = new Client(server.url, key);
    const licenses = await Promise.all(Array.from({ length: 20 }, () => aLicense(client)));
    for (const { token: signed } of licenses) {
      const answer = await client.post('/api/v1/licenses/validate', {
        token: signed,
        module_name: 'payroll',
        odoo_version: '17.0',
      });
      expect(answer.body).toMatchObject({ valid: true });
    }
    expect(server.output).not.toContain(hsm.pin);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    await processes.close();
  });
});

// Nothing installs it here, and nothing must be skipped: these tests are there only where it is.
const { BAO_BIN: bao } = process.env;
if (bao !== undefined)
  describeSignerSource(
    'a real OpenBao or Vault',
    async () => {
      const server = await OpenBao.start(bao);
      const bench: SignerBench = {
        kid: 'aegis-v1',
        source: (tools) =>
          new VaultSource({
            session: new VaultSession(
              { url: server.url },
              { method: 'approle', mount: 'approle', roleId: server.roleId, secretId: server.secretId },
            ),
            mount: 'transit',
            keys: [{ name: 'aegis' }],
            guard: new SignerGuard(tools),
            openTimeoutMs: tools.openTimeoutMs,
          }),
        rotate: () => {
          server.rotate();
          return Promise.resolve('aegis-v2');
        },
        fail: (fault) => {
          server.freeze(fault === 'hang');
        },
        close: () => server.stop(),
      };
      return bench;
    },
    ['hang'],
  );
