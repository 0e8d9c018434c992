import { shippedCheckpoints } from './shipped-checkpoints';

async function checkpointsIn(...lines: string[]): Promise<string[]> {
  const found: string[] = [];
  async function* given(): AsyncGenerator<string> {
    for (const line of lines) yield await Promise.resolve(line);
  }
  for await (const checkpoint of shippedCheckpoints(given())) found.push(checkpoint);
  return found;
}

describe('the checkpoints that were kept elsewhere', () => {
  it('are compact JWS, or members of objects, without the records between them', async () => {
    expect(await checkpointsIn('["a"]', 'e.1.x', '{"jws": "e.2.x", "records": []}', '', 'e.3.x')).toEqual([
      'e.1.x',
      'e.2.x',
      'e.3.x',
    ]);
  });

  it('leave out lines that were cut short and written again, with their records, however often', async () => {
    expect(await checkpointsIn('e.1.x', 'e.2', '["a"]', 'e.2.x')).toEqual(['e.1.x', 'e.2.x']);
    expect(await checkpointsIn('e.2', '["a"]', 'e.2.', '["a', 'e', 'e.2.x')).toEqual(['e.2.x']);
    expect(await checkpointsIn('e.2.', 'e', '["a"]', 'e.2.x', 'e.3.x')).toEqual(['e.2.x', 'e.3.x']);
  });

  it('contain lines that were cut short and never written again, and what was shipped twice', async () => {
    expect(await checkpointsIn('e.1', 'e.2.x')).toEqual(['e.1', 'e.2.x']);
    expect(await checkpointsIn('e.1.x', 'e.1.x', 'e.2')).toEqual(['e.1.x', 'e.1.x', 'e.2']);
    expect(await checkpointsIn('e.1.x', 'e.1', '', 'e.2.x')).toEqual(['e.1.x', 'e.1', 'e.2.x']);
  });
});
