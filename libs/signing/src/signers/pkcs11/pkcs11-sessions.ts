import { ConfigurationError } from '@aegis/errors';
import { CK, type Handle, type Pkcs11, returnValue } from './pkcs11-module';

/** A session of the pool, logged in. */
export interface Session {
  readonly handle: Handle;
  /** Handles of private keys, by kid; they end with the session. */
  readonly privateKeys: Map<string, Handle>;
}

export interface SessionsOptions {
  /** Label of the token. */
  token: string;
  pin: string;
  /** Sessions at most: as many signatures are under way at once. */
  size: number;
}

/**
 * Sessions with one token. A session whose call failed is closed and another is opened when the next is needed, so a
 * device that was unavailable is found again. One whose call hangs stays taken until the call returns.
 */
export class Pkcs11Sessions {
  private readonly idle: Session[] = [];
  private readonly waiting: (() => void)[] = [];
  private taken = 0;
  /** Set once the token refused the PIN. It is not tried again: signing is tried each second, and a few tries lock a token. */
  private refusedPin?: ConfigurationError;

  constructor(
    private readonly pkcs11: Pkcs11,
    private readonly options: SessionsOptions,
  ) {}

  /**
   * Works with a session of its own.
   * @param signal aborted when nobody waits any longer: then no session is taken
   * @throws what the work or opening a session fails with
   */
  async use<T>(work: (session: Session) => T | Promise<T>, signal: AbortSignal): Promise<T> {
    await this.turn(signal);
    let session: Session | undefined;
    try {
      session = this.idle.pop() ?? this.open();
      const answer = await work(session);
      this.idle.push(session);
      return answer;
    } catch (error) {
      if (session) this.discard(session);
      throw error;
    } finally {
      this.pass();
    }
  }

  close(): void {
    for (const session of this.idle.splice(0)) this.discard(session);
  }

  private turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.taken < this.options.size) {
      this.taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(new Error('No session with the token became free in time.'));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(go);
    });
  }

  /** Hands the turn on, so that nobody can come in between. */
  private pass(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.taken -= 1;
  }

  /** @throws ConfigurationError where the token refused the PIN, now or before */
  private open(): Session {
    if (this.refusedPin !== undefined) throw this.refusedPin;
    const slot = this.pkcs11
      .C_GetSlotList(true)
      .find((candidate) => this.pkcs11.C_GetTokenInfo(candidate).label.trim() === this.options.token);
    // A device that is unplugged, or still starting, looks the same.
    if (slot === undefined) throw new Error('No slot has the token that PKCS11_TOKEN names.');
    const handle = this.pkcs11.C_OpenSession(slot, CK.CKF_SERIAL_SESSION);
    const session: Session = { handle, privateKeys: new Map() };
    try {
      this.logIn(handle);
    } catch (error) {
      this.discard(session);
      throw error;
    }
    return session;
  }

  /** All sessions of a process with a token share one login. */
  private logIn(session: Handle): void {
    try {
      this.pkcs11.C_Login(session, CK.CKU_USER, this.options.pin);
    } catch (error) {
      const code = returnValue(error) ?? '';
      if (code === 'CKR_USER_ALREADY_LOGGED_IN') return;
      if (!code.startsWith('CKR_PIN_')) throw error;
      this.refusedPin = new ConfigurationError(
        `The token refused PKCS11_PIN (${code}). Wrong tries may lock it, so it is not tried again before a restart.`,
        { cause: error },
      );
      throw this.refusedPin;
    }
  }

  private discard({ handle }: Session): void {
    try {
      this.pkcs11.C_CloseSession(handle);
    } catch {
      // It is gone already.
    }
  }
}
