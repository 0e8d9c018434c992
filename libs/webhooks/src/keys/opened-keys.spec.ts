import { randomUUID } from 'node:crypto';
import { EndpointKeyBox } from './endpoint-key-box';
import { OpenedKeys } from './opened-keys';
import { SecretsKeys } from './secrets-keys';

const ID = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';

describe('opened keys', () => {
  let box: EndpointKeyBox;
  let opened: number;
  let keys: OpenedKeys;

  beforeEach(() => {
    box = new EndpointKeyBox(new SecretsKeys([`v1:${'first'.repeat(8)}`]));
    opened = 0;
    const open: EndpointKeyBox['open'] = (...given) => {
      opened += 1;
      return box.open(...given);
    };
    keys = new OpenedKeys({ open } as EndpointKeyBox);
  });

  it('are opened once for all who ask', async () => {
    const { sealed } = await box.make(ID);
    const [one, other] = await Promise.all([keys.of(ID, sealed), keys.of(ID, sealed)]);
    expect(await keys.of(ID, sealed)).toBe(one);
    expect(other).toBe(one);
    expect(one).toEqual(await box.open(ID, sealed));
    expect(opened).toBe(1);
  });

  it('are those of what is stored now, after a rotation too', async () => {
    const before = await box.make(ID);
    const after = await box.make(ID);
    await keys.of(ID, before.sealed);
    expect(await keys.of(ID, after.sealed)).toEqual(await box.open(ID, after.sealed));
  });

  it('are given to no other endpoint, no matter who asked before', async () => {
    const { sealed } = await box.make(ID);
    await keys.of(ID, sealed);
    await expect(keys.of(randomUUID(), sealed)).rejects.toThrow();
  });

  it('are tried again after they could not be opened', async () => {
    const { sealed } = await box.make(ID);
    const works = box.open.bind(box);
    box.open = () => Promise.reject(new Error('not now'));
    await expect(keys.of(ID, sealed)).rejects.toThrow('not now');
    box.open = works;
    expect(await keys.of(ID, sealed)).toEqual(await works(ID, sealed));
  });
});
