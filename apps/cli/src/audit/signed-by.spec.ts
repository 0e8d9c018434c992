import { signedByLines } from './signed-by';

it('the key id in a checkpoint cannot start a new line of the output', () => {
  const signer = { kid: 'mine\nsigned by yours\u001b[2J', thumbprint: null, held: false };
  expect(signedByLines([{ ...signer, checkpoints: 1, from: 1, to: 1 }], 'file')).toEqual([
    'signed by mine?signed by yours?[2J (thumbprint not known; not among these keys): checkpoint 1',
  ]);
});
