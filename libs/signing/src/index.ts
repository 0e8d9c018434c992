export type { PublishedJwk } from './jws/jwks';
export { KEY_SET_SECONDS, jwkThumbprint, publicJwk, publishedJwk } from './jws/jwks';
export { signCompact, signInput, signingInput, verifySigningInput } from './jws/jws';
export type { KeySetInFile } from './jws/key-set-file';
export { keySetPath, readKeySetFile } from './jws/key-set-file';
export type { KeySetContent } from './jws/signed-key-set';
export { keySetContent, signKeySet } from './jws/signed-key-set';
export { VerifiedSignatures } from './jws/verified-signatures';
export { writeFileWhole } from './keys/durable-file';
export {
  listPrivateKeys,
  readPrivateKey,
  readPublicKey,
  readPublicKeys,
  rewrapPrivateKey,
  writeKeyPair,
  adoptKeyPair,
} from './keys/key-files';
export { assertKid } from './keys/kid';
export { isSoundOnRecord } from './keys/weak-public-key';
export { canonicalPem, pemBlocks } from './keys/pem';
export { readPlainPrivateKey } from './keys/plain-private-key';
export { makeRootKey, readRootKey } from './keys/root-key';
export { freshKid } from './ring/active-key-choice';
export { SigningKeyChanged, requiresActiveKey, signingKeyChanged } from './ring/active-key';
export { KeyRing } from './ring/key-ring.service';
export type { SigningKeyState } from './ring/signing-key.entity';
export { SigningKey } from './ring/signing-key.entity';
export type { Changed } from './ring/signing-keys.service';
export { SigningKeys, keysOnRecord } from './ring/signing-keys.service';
export type { SigningReplica } from './ring/signing-replicas';
export { SigningReplicas } from './ring/signing-replicas';
export { InputTooLarge } from './signers/remote-key';
export type { SignatureResult } from './signers/signer-metrics';
export { SignerMetrics } from './signers/signer-metrics';
export { signerSource } from './signers/signer-sources';
export type { OpenedKey, SignerSource } from './signers/signer-source';
export { SIGNER_SOURCE } from './signers/signer-source';
export type { Signer } from './signers/signer';
export { PemSigner } from './signers/signer';
export { SigningKeysModule } from './signing-keys.module';
export { SignerUnavailable } from './signing.errors';
export { SigningModule } from './signing.module';
