import { ConfigurationError } from '@aegis/errors';
import { trustedProgramSync, UnsafeFile } from '@aegis/secret-files';
import { createRequire } from 'node:module';

/** The addon is compiled where it is installed, so it is not a dependency: anyone who wants it installs it (docs/signers.md). */
const ADDON = 'pkcs11js';

/** What PKCS#11 calls a handle. */
export type Handle = Buffer;
type Template = { type: number; value?: number | string | Buffer }[];

/** What is used of the addon's class `PKCS11`: PKCS#11 2.40, names as there. */
export interface Pkcs11 {
  load(path: string): void;
  C_Initialize(options: { flags: number }): void;
  C_Finalize(): void;
  C_GetSlotList(withToken: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { label: string };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: Template): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Template): Required<Template[number]>[];
  C_SignInit(session: Handle, mechanism: { mechanism: number }, key: Handle): void;
  /** Off the main thread. */
  C_SignAsync(session: Handle, input: Buffer, output: Buffer): Promise<Buffer>;
}

/** Constants of PKCS#11, by their names there. */
export const CK = {
  CKF_OS_LOCKING_OK: 0x2,
  CKF_SERIAL_SESSION: 0x4,
  CKU_USER: 1,
  CKO_PUBLIC_KEY: 2,
  CKO_PRIVATE_KEY: 3,
  CKK_EC_EDWARDS: 0x40,
  CKA_CLASS: 0,
  CKA_LABEL: 3,
  CKA_KEY_TYPE: 0x100,
  CKA_EC_POINT: 0x181,
  CKM_EDDSA: 0x1057,
} as const;

/** Name of the return value that a call failed with, such as `CKR_PIN_INCORRECT`; undefined for other errors. */
export function returnValue(error: unknown): string | undefined {
  return error instanceof Error ? /CKR_[A-Z_]+/.exec(error.message)?.[0] : undefined;
}

/**
 * Loads the addon, and the module of the device's maker.
 * @param modulePath shared library that speaks PKCS#11
 * @param addon where the addon is, if not where packages are
 * @throws ConfigurationError when either can't be loaded, or another user could have put the module there
 */
export function loadPkcs11(modulePath: string, addon = ADDON): Pkcs11 {
  const pkcs11 = loadAddon(addon);
  try {
    // Its code runs in this process.
    pkcs11.load(trustedProgramSync(modulePath));
    // Without it concurrent sessions crash the process.
    pkcs11.C_Initialize({ flags: CK.CKF_OS_LOCKING_OK });
  } catch (error) {
    if (returnValue(error) === 'CKR_CRYPTOKI_ALREADY_INITIALIZED') return pkcs11;
    if (error instanceof UnsafeFile)
      throw new ConfigurationError(`The module that PKCS11_MODULE names ${error.message}.`, { cause: error });
    throw new ConfigurationError(
      `The module that PKCS11_MODULE names can't be used (${returnValue(error) ?? 'not loaded'}): check the path, and what the module itself needs.`,
      { cause: error },
    );
  }
  return pkcs11;
}

function loadAddon(addon: string): Pkcs11 {
  try {
    const { PKCS11 } = createRequire(__filename)(addon) as { PKCS11: new () => Pkcs11 };
    return new PKCS11();
  } catch (error) {
    throw new ConfigurationError(
      'SIGNER=pkcs11 needs the package pkcs11js, which is compiled where it is installed: `npm install --no-save --ignore-scripts=false pkcs11js@2.1.7`.',
      { cause: error },
    );
  }
}
