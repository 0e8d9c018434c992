import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Fault } from './stand-in-server';

type Template = { type: number; value?: number | string | Buffer }[];
interface Item {
  objectClass: number;
  label: string;
  key: KeyObject;
}

/** Attributes that a template may name. */
const [CLASS, LABEL, KEY_TYPE, EC_POINT] = [0x0, 0x3, 0x100, 0x181];
const [PUBLIC, PRIVATE, EDWARDS] = [2, 3, 0x40];

const failure = (code: string): Error => new Error(`${code}:0`);

/**
 * A device as PKCS#11 2.40 and 3.0 describe it, in place of the addon: what a software token can't be made to do,
 * it can. Shares no code with the client.
 */
export class Pkcs11StandIn {
  fault: Fault | undefined;
  pin = '1234';
  label = 'aegis';
  isPresent = true;
  /** Sessions that are open, by number. */
  readonly sessions = new Set<number>();
  /** Logins with a wrong PIN so far. A device locks after a few. */
  refusedPins = 0;
  /** Signatures that it was asked for so far. */
  asked = 0;
  /** Signatures under way, and the most there were at once. */
  signing = { now: 0, most: 0 };
  /** Whether CKA_EC_POINT is wrapped as PKCS#11 demands; not all makers do. */
  wrapsPoints = true;
  private readonly items: Item[] = [];
  private readonly foreign = generateKeyPairSync('ed25519').privateKey;
  private loggedIn = false;
  private counter = 0;
  private found: number[] = [];
  private readonly prepared = new Map<number, Item>();

  addKey(label: string): void {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.items.push({ objectClass: PUBLIC, label, key: publicKey });
    this.items.push({ objectClass: PRIVATE, label, key: privateKey });
  }

  /** The device loses power: its sessions and the login are gone. */
  restart(): void {
    this.sessions.clear();
    this.loggedIn = false;
  }

  load(): void {
    // The module is this class itself.
  }

  C_Initialize({ flags }: { flags: number }): void {
    if ((flags & 0x2) === 0) throw failure('CKR_CANT_LOCK');
  }

  C_Finalize(): void {
    this.restart();
  }

  C_GetSlotList(): Buffer[] {
    return this.isPresent ? [handle(0)] : [];
  }

  C_GetTokenInfo(): { label: string } {
    return { label: this.label.padEnd(32) };
  }

  C_OpenSession(_slot: Buffer, flags: number): Buffer {
    if ((flags & 0x4) === 0) throw failure('CKR_SESSION_PARALLEL_NOT_SUPPORTED');
    this.counter += 1;
    this.sessions.add(this.counter);
    return handle(this.counter);
  }

  C_CloseSession(session: Buffer): void {
    if (!this.sessions.delete(session.readUInt32LE())) throw failure('CKR_SESSION_HANDLE_INVALID');
    if (this.sessions.size === 0) this.loggedIn = false;
  }

  C_Login(session: Buffer, userType: number, pin: string): void {
    this.number(session);
    if (userType !== 1 || pin !== this.pin) {
      this.refusedPins += 1;
      throw failure('CKR_PIN_INCORRECT');
    }
    if (this.loggedIn) throw failure('CKR_USER_ALREADY_LOGGED_IN');
    this.loggedIn = true;
  }

  C_FindObjectsInit(session: Buffer, template: Template): void {
    this.number(session);
    this.found = [...this.items.keys()].filter((index) => {
      const { objectClass, label } = this.items[index]!;
      if (objectClass === PRIVATE && !this.loggedIn) return false;
      return template.every(({ type, value }) => {
        if (type === CLASS) return value === objectClass;
        if (type === LABEL) return value === label;
        return type === KEY_TYPE && value === EDWARDS;
      });
    });
  }

  C_FindObjects(_session: Buffer, most: number): Buffer[] {
    return this.found.splice(0, most).map((index) => handle(index));
  }

  C_FindObjectsFinal(): void {
    this.found = [];
  }

  C_GetAttributeValue(
    session: Buffer,
    object: Buffer,
    template: Template,
  ): { type: number; value: Buffer }[] {
    this.number(session);
    const { label, key } = this.items[object.readUInt32LE()]!;
    return template.map(({ type }) => {
      if (type === LABEL) return { type, value: Buffer.from(label) };
      if (type !== EC_POINT) throw failure('CKR_ATTRIBUTE_TYPE_INVALID');
      const point = (key.export({ format: 'der', type: 'spki' }) as Buffer).subarray(-32);
      return { type, value: this.wrapsPoints ? Buffer.concat([Buffer.from([0x04, 0x20]), point]) : point };
    });
  }

  C_SignInit(session: Buffer, { mechanism }: { mechanism: number }, key: Buffer): void {
    const item = this.items[key.readUInt32LE()];
    if (mechanism !== 0x1057) throw failure('CKR_MECHANISM_INVALID');
    if (!this.loggedIn) throw failure('CKR_USER_NOT_LOGGED_IN');
    if (item?.objectClass !== PRIVATE) throw failure('CKR_KEY_HANDLE_INVALID');
    this.prepared.set(this.number(session), item);
  }

  async C_SignAsync(session: Buffer, input: Buffer): Promise<Buffer> {
    const item = this.prepared.get(this.number(session));
    if (item === undefined) throw failure('CKR_OPERATION_NOT_INITIALIZED');
    this.asked += 1;
    this.signing.now += 1;
    this.signing.most = Math.max(this.signing.most, this.signing.now);
    try {
      if (this.fault === 'hang') await this.untilMended();
      await new Promise(setImmediate);
      if (this.fault === 'status 500') throw failure('CKR_DEVICE_ERROR');
      if (this.fault === 'garbage') return Buffer.from('no signature');
      return sign(null, input, this.fault === 'foreign signature' ? this.foreign : item.key);
    } finally {
      this.signing.now -= 1;
    }
  }

  private async untilMended(): Promise<void> {
    while (this.fault === 'hang') await new Promise((resolve) => setTimeout(resolve, 5));
  }

  private number(session: Buffer): number {
    const number = session.readUInt32LE();
    if (!this.sessions.has(number)) throw failure('CKR_SESSION_HANDLE_INVALID');
    return number;
  }
}

function handle(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(number);
  return bytes;
}
