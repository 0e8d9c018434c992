// 600,000 iterations are half of what the start of a test's server takes. Programs that are started as processes of their
// own have all of them, and encrypted-pem.spec.ts, too.
jest.mock('../../../libs/signing/src/keys/passphrase-iterations', () => ({ PASSPHRASE_ITERATIONS: 4_096 }));
