import { Client } from 'pg';
import { ReplicatedPostgres } from './standby';

// A PostgreSQL starts, and the machine may be busy.
jest.setTimeout(180_000);

describe('a primary with its standby', () => {
  it('leaves nothing running when its start fails', async () => {
    let url: string | undefined;
    const start = ReplicatedPostgres.start((primary) => {
      url = primary.superuserUrl;
      return Promise.reject(new Error('out of order'));
    });
    await expect(start).rejects.toThrow('out of order');
    await expect(new Client(url).connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
