import { ConfigurationError } from '@aegis/errors';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { PassThrough } from 'node:stream';
import { Pkcs11StandIn } from '../../../../../test/support/signers/pkcs11-stand-in';
import { until } from '../../../../../test/support/until';
import { SignerUnavailable } from '../../signing.errors';
import { loadPkcs11 } from './pkcs11-module';
import { Pkcs11Source } from './pkcs11-source';
import { SignerGuard } from '../signer-guard';
import { SignerMetrics } from '../signer-metrics';

const INPUT = Buffer.from('header.claims');

describe('keys in a PKCS#11 device', () => {
  let device: Pkcs11StandIn;
  const sources: Pkcs11Source[] = [];

  beforeEach(() => {
    device = new Pkcs11StandIn();
    device.addKey('k1');
  });
  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.close()));
  });

  const source = ({ token = 'aegis', pin = '1234', timeoutMs = 20_000, size = 3 } = {}): Pkcs11Source => {
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });
    const guard = new SignerGuard({ timeoutMs, logger, metrics: new SignerMetrics(new Metrics()) });
    const made = new Pkcs11Source(device, { token, pin, size, guard, openTimeoutMs: 20_000 });
    sources.push(made);
    return made;
  };

  it('sign in as many sessions at once as are allowed, and no more', async () => {
    const { signer } = await source().open('k1');
    await Promise.all(Array.from({ length: 50 }, () => signer.sign(INPUT)));
    expect(device.signing.most).toBe(3);
    expect(device.sessions.size).toBe(3);
  });

  it('sign again after the device was restarted', async () => {
    const { signer } = await source().open('k1');
    await Promise.all(Array.from({ length: 5 }, () => signer.sign(INPUT)));
    device.restart();
    await until('it signs again', () =>
      signer.sign(INPUT).then(
        ({ length }) => length === 64,
        () => false,
      ),
    );
  });

  it('do not use a session that hangs until its call returns', async () => {
    const { signer } = await source({ timeoutMs: 1_000, size: 1 }).open('k1');
    device.fault = 'hang';
    for (let refusals = 0; refusals < 3; refusals++)
      await expect(signer.sign(INPUT)).rejects.toThrow(SignerUnavailable);
    expect(device.asked).toBe(1);
    device.fault = undefined;
    await until('it signs again', () =>
      signer.sign(INPUT).then(
        () => true,
        () => false,
      ),
    );
    expect(device.signing.most).toBe(1);
  });

  it('are returned by devices that omit the two bytes before the point', async () => {
    const wrapped = await source().open('k1');
    device.wrapsPoints = false;
    expect((await source().open('k1')).publicKey.equals(wrapped.publicKey)).toBe(true);
  });

  it('are refused when a label belongs to more than one key', async () => {
    device.addKey('k1');
    await expect(source().open('k1')).rejects.toThrow('The token has 2 private keys with the label k1.');
  });

  it('are refused with a wrong PIN, which is not shown', async () => {
    const error = await source({ pin: '9876' })
      .kids()
      .catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toBe(
      'The token refused PKCS11_PIN (CKR_PIN_INCORRECT). Wrong tries may lock it, so it is not tried again before a restart.',
    );
    expect(device.sessions.size).toBe(0);
  });

  it('try a refused PIN only once, no matter how often a signature is requested', async () => {
    const opened = source();
    const { signer } = await opened.open('k1');
    device.restart();
    device.pin = 'another one';
    for (let tries = 0; tries < 20; tries += 1) {
      await expect(signer.sign(INPUT)).rejects.toThrow(SignerUnavailable);
      await expect(opened.kids()).rejects.toThrow();
    }
    expect(device.refusedPins).toBe(1);
  });

  it('become available later when the token is missing at the start', async () => {
    device.isPresent = false;
    await expect(source().kids()).rejects.toThrow(SignerUnavailable);
    device.isPresent = true;
    await expect(source({ token: 'another' }).kids()).rejects.toThrow(SignerUnavailable);
    expect(await source().kids()).toEqual(['k1']);
  });
});

it('says what to install where the addon is missing', () => {
  expect(() => loadPkcs11('/usr/lib/none.so')).toThrow(
    /needs the package pkcs11js, which is compiled where it is installed: `npm install --no-save --ignore-scripts=false pkcs11js@2.1.7`/,
  );
});
