export { requiresActiveKey, SigningKeyChanged, signingKeyChanged } from './active-key';
export { freshKid } from './active-key-choice';
export { decryptPrivateKey, encryptPrivateKey } from './encrypted-pem';
export type { DecryptedKey } from './encrypted-pem';
export {
  listPrivateKeys,
  readPrivateKey,
  readPublicKey,
  readPublicKeys,
  rewrapPrivateKey,
  writeKeyPair,
} from './key-files';
export type { KeyPair } from './key-files';
export { readPlainPrivateKey } from './plain-private-key';
export { assertKid } from './kid';
export { KeyRing } from './key-ring.service';
export { SigningKey } from './signing-key.entity';
export type { SigningKeyState } from './signing-key.entity';
export { SigningHttpModule } from './signing-http.module';
export { SigningModule } from './signing.module';
export { jwkThumbprint, KEY_SET_SECONDS, keySetOf, publicJwk, publishedJwk } from './jwks';
export type { Jwks, PublicJwk, PublishedJwk } from './jwks';
export { signCompact, signingInput, signInput, verifySignature } from './jws';
export type { JwsType } from './jws';
export { makeRootKey, readRootKey } from './root-key';
export type { NewRootKey, RootKey } from './root-key';
export { keySetContent, signKeySet } from './signed-key-set';
export type { KeySetContent } from './signed-key-set';
export { writeFileWhole } from './durable-file';
export { PemSigner } from './signer';
export type { Signer } from './signer';
export { canonicalPem, pemBlocks } from './pem';
export type { PemBlock } from './pem';
export { SIGNER_SOURCE } from './signer-source';
export { InputTooLarge } from './signers/remote-key';
export type { OpenedKey, SignerSource } from './signer-source';
export { signerSource } from './signer-sources';
export { SignerUnavailable, SigningKeyConflict } from './signing.errors';
export { SigningKeysModule } from './signing-keys.module';
export { keysOnRecord, SigningKeys } from './signing-keys.service';
export type { Changed, Compromise, Force } from './signing-keys.service';
export { SigningReplicas } from './signing-replicas';
export type { SigningReplica } from './signing-replicas';
export { VerifiedSignatures } from './verified-signatures';
