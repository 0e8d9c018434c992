import { ConfigurationError } from '@aegis/errors';
import type { KeyObject } from 'node:crypto';
import { isKid } from '../../keys/kid';
import type { OpenedKey, SignerSource } from '../signer-source';
import { SignerUnavailable } from '../../signing.errors';
import { CK, type Handle, type Pkcs11 } from './pkcs11-module';
import { Pkcs11Sessions, type Session, type SessionsOptions } from './pkcs11-sessions';
import { ed25519PublicKey } from '../remote-failure';
import type { RemoteKey } from '../remote-key';
import type { SignerGuard } from '../signer-guard';

const SIGNATURE_BYTES = 64;
const POINT_BYTES = 32;
/** CKA_EC_POINT is a DER OCTET STRING of the 32 bytes; some makers leave the two bytes in front out. */
const OCTET_STRING = Buffer.from([0x04, POINT_BYTES]);
/** More keys than a token of ours has. */
const MOST_OBJECTS = 1000;

export interface Pkcs11SourceOptions extends SessionsOptions {
  guard: SignerGuard;
  /** Longest wait for a session to look at keys with, in milliseconds. */
  openTimeoutMs: number;
}

/**
 * Ed25519 keys in a token that speaks PKCS#11. A key's label is its kid. Signing runs off the main thread; opening a
 * session and looking for keys does not, but is rare.
 */
export class Pkcs11Source implements SignerSource {
  private readonly sessions: Pkcs11Sessions;

  constructor(
    private readonly pkcs11: Pkcs11,
    private readonly options: Pkcs11SourceOptions,
  ) {
    this.sessions = new Pkcs11Sessions(pkcs11, options);
  }

  get isAway(): boolean {
    return this.options.guard.isAway;
  }

  kids(): Promise<readonly string[]> {
    return this.asking((session) => {
      const labels = this.find(session, CK.CKO_PRIVATE_KEY).map((key) =>
        this.attribute(session, key, CK.CKA_LABEL).toString('utf8'),
      );
      // The token may hold keys of others.
      return [...new Set(labels)].filter(isKid).sort();
    });
  }

  async open(kid: string): Promise<OpenedKey> {
    const publicKey = await this.asking((session) => {
      session.privateKeys.set(kid, this.only(session, CK.CKO_PRIVATE_KEY, kid));
      return this.publicKey(session, kid);
    });
    const remote: RemoteKey = { kid, publicKey, sign: (input, signal) => this.sign(kid, input, signal) };
    return { signer: this.options.guard.guard(remote), publicKey, warning: null };
  }

  close(): Promise<void> {
    this.options.guard.close();
    this.sessions.close();
    return Promise.resolve();
  }

  private sign(kid: string, input: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.sessions.use(async (session) => {
      const key = session.privateKeys.get(kid) ?? this.only(session, CK.CKO_PRIVATE_KEY, kid);
      session.privateKeys.set(kid, key);
      this.pkcs11.C_SignInit(session.handle, { mechanism: CK.CKM_EDDSA }, key);
      return this.pkcs11.C_SignAsync(session.handle, Buffer.from(input), Buffer.alloc(SIGNATURE_BYTES));
    }, signal);
  }

  private publicKey(session: Session, kid: string): KeyObject {
    const point = this.attribute(session, this.only(session, CK.CKO_PUBLIC_KEY, kid), CK.CKA_EC_POINT);
    const isWrapped =
      point.length === OCTET_STRING.length + POINT_BYTES && point.subarray(0, 2).equals(OCTET_STRING);
    const bytes = isWrapped ? point.subarray(OCTET_STRING.length) : point;
    if (bytes.length !== POINT_BYTES)
      throw new ConfigurationError(`The token's key ${kid} is on another curve than Ed25519.`);
    return ed25519PublicKey(bytes);
  }

  private only(session: Session, objectClass: number, kid: string): Handle {
    const [key, ...more] = this.find(session, objectClass, kid);
    const half = objectClass === CK.CKO_PRIVATE_KEY ? 'private' : 'public';
    if (key === undefined)
      throw new ConfigurationError(`The token has no Ed25519 ${half} key with the label ${kid}.`);
    if (more.length > 0)
      throw new ConfigurationError(`The token has ${more.length + 1} ${half} keys with the label ${kid}.`);
    return key;
  }

  private find({ handle }: Session, objectClass: number, label?: string): Handle[] {
    this.pkcs11.C_FindObjectsInit(handle, [
      { type: CK.CKA_CLASS, value: objectClass },
      { type: CK.CKA_KEY_TYPE, value: CK.CKK_EC_EDWARDS },
      ...(label === undefined ? [] : [{ type: CK.CKA_LABEL, value: label }]),
    ]);
    try {
      return this.pkcs11.C_FindObjects(handle, MOST_OBJECTS);
    } finally {
      this.pkcs11.C_FindObjectsFinal(handle);
    }
  }

  private attribute({ handle }: Session, object: Handle, type: number): Buffer {
    const [attribute] = this.pkcs11.C_GetAttributeValue(handle, object, [{ type }]);
    return Buffer.from(attribute?.value as Buffer);
  }

  private async asking<T>(ask: (session: Session) => T): Promise<T> {
    try {
      return await this.sessions.use(ask, AbortSignal.timeout(this.options.openTimeoutMs));
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw new SignerUnavailable(undefined, undefined, { cause: error });
    }
  }
}
