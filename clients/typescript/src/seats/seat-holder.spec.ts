import { type SeatEvent, SeatHolder, type SeatState, verifyLicense } from '../index';
import {
  activation,
  ACTIVATION_ID,
  FINGERPRINT,
  jwkOf,
  k1,
  k2,
  license,
  NOW,
  options,
} from '../vendor.fixture';
import type { SeatHolderOptions } from './seat-holder';

const SEATED = { seats: { mode: 'floating', required: true }, rev: 1 };
const LEASE_S = 600;
const at = (second: number): string => new Date((NOW + second) * 1000).toISOString();

interface Asked {
  path: string;
  body: Record<string, unknown>;
}

/** A machine with clocks and a timer that the test moves, and a server that answers as the test says. */
class Machine {
  readonly asked: Asked[] = [];
  readonly events: SeatEvent[] = [];
  answers: (Response | Error)[] = [];
  kept: unknown = null;
  wall = 1_000_000;
  steady = 5_000;
  planned: { work: () => void; delayMs: number } | null = null;
  private settle: () => void = () => undefined;

  holder(different: Partial<SeatHolderOptions> = {}): SeatHolder {
    return new SeatHolder({
      baseUrl: 'https://license.example/',
      token: license(SEATED),
      keys: [jwkOf(k1)],
      module: 'payroll',
      version: '17.0',
      fingerprint: FINGERPRINT,
      storage: {
        load: () => this.kept,
        save: (state) => {
          this.kept = structuredClone(state);
        },
      },
      onEvent: (event) => this.events.push(event),
      clocks: { wall: () => this.wall, steady: () => this.steady },
      random: () => 0.5,
      schedule: (work, delayMs) => {
        this.planned = { work, delayMs };
        this.settle();
        return () => (this.planned = null);
      },
      fetch: (url, init) => {
        this.asked.push({
          path: (url as string).replace('https://license.example', ''),
          body: JSON.parse(init?.body as string) as Asked['body'],
        });
        const answer = this.answers.shift() ?? new Error('away');
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      ...different,
    });
  }

  /** Lets time pass, each timer at its time. */
  async pass(seconds: number): Promise<void> {
    let left = seconds * 1000;
    while (this.planned !== null && this.planned.delayMs <= left) {
      const { work, delayMs } = this.planned;
      left -= delayMs;
      this.tick(delayMs);
      await this.run(work);
    }
    this.tick(left);
    if (this.planned) this.planned.delayMs -= left;
  }

  /** The timer after a sleep, in which one clock stood still. */
  async wake(): Promise<void> {
    if (this.planned) await this.run(this.planned.work);
  }

  private tick(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }

  /** Until the next timer is set, or nothing happens any longer. */
  private async run(work: () => void): Promise<void> {
    this.planned = null;
    const planned = new Promise<void>((resolve) => (this.settle = resolve));
    work();
    const idle = (async () => {
      // A signature is verified in another thread: each turn waits for one.
      for (let turn = 0; turn < 50; turn += 1) await crypto.subtle.digest('SHA-256', Buffer.of(turn));
    })();
    await Promise.race([planned, idle]);
  }

  get names(): string[] {
    return this.events.map(({ event }) => event);
  }
  get paths(): string[] {
    return this.asked.map(({ path }) =>
      path.replace(`/api/v1/activations`, '').replace(ACTIVATION_ID, ':id'),
    );
  }
}

async function held(different: object = {}): Promise<Response> {
  return Response.json({
    id: ACTIVATION_ID,
    token: await activation(),
    license_token: null,
    last_seen_at: at(0),
    lease_ends_at: at(LEASE_S),
    heartbeat_after: LEASE_S / 3,
    ...different,
  });
}
const problem = (status: number, body: object): Response =>
  new Response(JSON.stringify({ detail: 'as it is', ...body }), { status });
const ended = (ended_by: string): Response => problem(409, { code: 'activation_ended', ended_by });

describe('a holder of a seat', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });

  it('asks for a seat, keeps it, and shows it to verifyLicense', async () => {
    machine.answers = [await held()];
    const holder = machine.holder({ name: 'reception', instance: { db_uuid: 'd', domain: 'erp.example' } });
    expect(holder.shown).toBeUndefined();
    await holder.start();
    expect(machine.asked).toEqual([
      {
        path: '/api/v1/activations',
        body: {
          token: license(SEATED),
          module_name: 'payroll',
          odoo_version: '17.0',
          instance_db_uuid: 'd',
          instance_domain: 'erp.example',
          fingerprint: FINGERPRINT,
          name: 'reception',
        },
      },
    ]);
    expect(machine.kept).toEqual({
      license_token: license(SEATED),
      activation: { id: ACTIVATION_ID, token: await activation() },
    });
    expect(machine.names).toEqual(['held']);
    const { code } = await verifyLicense(holder.token, options({ activation: holder.shown }));
    expect(code).toBe('VALID');
  });

  it('does nothing for a license that counts no seats', async () => {
    const holder = machine.holder({ token: license() });
    await holder.start();
    expect(await holder.activate()).toBe(true);
    expect(await holder.release()).toBe(true);
    expect([machine.asked, machine.planned]).toEqual([[], null]);
  });

  it('sends heartbeats when they are due, with the newest license', async () => {
    const renewed = license({ ...SEATED, rev: 2 });
    machine.answers = [await held(), await held({ license_token: renewed }), await held()];
    const holder = machine.holder();
    await holder.start();
    await machine.pass(199);
    expect(machine.paths).toEqual(['']);
    await machine.pass(2);
    expect(machine.paths).toEqual(['', '/:id/heartbeat']);
    expect(holder.token).toBe(renewed);
    expect((machine.kept as SeatState).license_token).toBe(renewed);
    await machine.pass(200);
    expect(machine.asked[2]!.body).toEqual({ token: renewed, fingerprint: FINGERPRINT });
    expect(machine.names).toEqual(['held', 'license']);
  });

  it('takes no license of somebody else, and keeps its token where a heartbeat brings none', async () => {
    const other = license({ ...SEATED, jti: ACTIVATION_ID });
    machine.answers = [
      await held(),
      await held({ license_token: other, token: null }),
      await held({ license_token: 'x' }),
    ];
    const holder = machine.holder();
    await holder.start();
    await machine.pass(500);
    expect(holder.token).toBe(license(SEATED));
    expect(holder.shown?.token).toBe(await activation());
  });

  const later = { ...SEATED, rev: 9, iat: NOW };
  it.each([
    ['that a stranger signed', license(later, k2)],
    ['of which something was changed', license(later).replace(/.{20}$/, 'A'.repeat(20))],
    ['that is older', license({ ...SEATED, rev: 0 })],
  ])('takes no license %s: one false answer would take the license away', async (_, brought) => {
    machine.answers = [await held(), await held({ license_token: brought }), await held()];
    const holder = machine.holder();
    await holder.start();
    await machine.pass(250);
    expect(holder.token).toBe(license(SEATED));
    expect((machine.kept as SeatState).license_token).toBe(license(SEATED));
    expect(machine.names).toEqual(['held']);
    machine.kept = { license_token: brought, activation: { id: ACTIVATION_ID, token: 'kept' } };
    machine.answers = [];
    const restarted = machine.holder();
    await restarted.start();
    expect(restarted.token).toBe(license(SEATED));
    expect(restarted.shown?.token).toBe('kept');
  });

  it('asks for the keys at each use where they are a function, and takes nothing where that fails', async () => {
    const renewed = license({ ...SEATED, rev: 2 }, k2);
    let keys = () => [jwkOf(k1)];
    machine.answers = [
      await held(),
      await held({ license_token: renewed }),
      await held({ license_token: renewed }),
    ];
    machine.answers.push(await held({ license_token: renewed }));
    const holder = machine.holder({ keys: () => keys() });
    await holder.start();
    keys = () => {
      throw new Error('no keys');
    };
    await machine.pass(250);
    expect(holder.token).toBe(license(SEATED));
    keys = () => [jwkOf(k1), jwkOf(k2)];
    await machine.pass(200);
    expect(holder.token).toBe(renewed);
    await machine.pass(200);
    expect(machine.names).toEqual(['held', 'license']);
  });

  it.each([
    [0, 10],
    [-5, 10],
    [1e300, 86_400],
  ])(
    'sends the next heartbeat after a time of its own where the server answers %d s',
    async (answered, due) => {
      machine.answers = [await held({ heartbeat_after: answered, lease_ends_at: null }), await held()];
      await machine.holder().start();
      await machine.pass(due - 1);
      expect(machine.paths).toEqual(['']);
      await machine.pass(1);
      expect(machine.paths).toEqual(['', '/:id/heartbeat']);
    },
  );

  it('takes up the seat and the license that it had, after a crash', async () => {
    const renewed = license({ ...SEATED, rev: 2 });
    machine.kept = { license_token: renewed, activation: { id: ACTIVATION_ID, token: 'kept' } };
    machine.answers = [await held()];
    const holder = machine.holder();
    await holder.start();
    expect(machine.paths).toEqual(['/:id/heartbeat']);
    expect(holder.token).toBe(renewed);
  });

  it.each([
    null,
    'nonsense',
    { license_token: 'nonsense', activation: { id: 'x' } },
    { license_token: license({ ...SEATED, jti: ACTIVATION_ID }), activation: { id: 'x', token: 'y' } },
    { license_token: license(SEATED), activation: { id: 5 } },
    { license_token: license(SEATED), activation: { id: '\ud800', token: 'y' } },
  ])('asks for a seat where what was kept is not of this license: %j', async (kept) => {
    machine.kept = kept;
    machine.answers = [await held()];
    await machine.holder().start();
    expect(machine.paths).toEqual(['']);
  });

  it('continues without the server until its lease ends, says so once, and takes its seat up again', async () => {
    machine.answers = [await held()];
    const holder = machine.holder();
    await holder.start();
    await machine.pass(599);
    expect(machine.names).toEqual(['held']);
    await machine.pass(1);
    expect(machine.names).toEqual(['held', 'lease_ended']);
    await machine.pass(3_600);
    expect(machine.names).toEqual(['held', 'lease_ended']);
    machine.answers = [ended('lease'), await held()];
    for (let step = 0; step < 40 && machine.names.length < 3; step += 1) await machine.pass(10);
    expect(machine.names).toEqual(['held', 'lease_ended', 'held']);
    expect(machine.paths.slice(-2)).toEqual(['/:id/heartbeat', '']);
    expect(machine.asked.at(-1)!.body).not.toHaveProperty('take_over');
  });

  it('asks less and less often while the server is unavailable, and as late as it says', async () => {
    machine.answers = [await held()];
    await machine.holder().start();
    await machine.pass(7_200);
    // After 200 s: 10, 20, 40 … 300 s, each with a random tenth on top.
    expect(machine.asked.length).toBeGreaterThan(20);
    expect(machine.asked.length).toBeLessThan(32);
    const before = machine.asked.length;
    machine.answers = [new Response('', { status: 429, headers: { 'retry-after': '3600' } })];
    await machine.pass(400);
    expect(machine.asked.length).toBe(before + 1);
    await machine.pass(3_000);
    expect(machine.asked.length).toBe(before + 1);
  });

  it.each<['wall' | 'steady', string]>([
    ['wall', 'of a machine that slept'],
    ['steady', 'whose time of day was set back'],
  ])('sends a heartbeat once one is due by the clock %s, %s', async (clock) => {
    machine.answers = [await held(), await held()];
    await machine.holder().start();
    machine[clock] += 300_000;
    if (clock === 'steady') machine.wall -= 86_400_000;
    await machine.wake();
    expect(machine.paths).toEqual(['', '/:id/heartbeat']);
  });

  it.each([
    ['ended', ended('ended')],
    ['taken over', ended('taken_over')],
    ['released', ended('released')],
    ['of a removed customer', ended('customer_removed')],
    ['unknown', problem(404, { code: 'activation_not_found' })],
  ])('asks for no other seat by itself where its own is %s', async (_, answer) => {
    machine.answers = [await held(), answer];
    const holder = machine.holder();
    await holder.start();
    await machine.pass(10_000);
    expect(machine.names).toEqual(['held', 'lost']);
    expect([machine.paths.length, machine.planned, holder.shown]).toEqual([2, null, undefined]);
    machine.answers = [await held()];
    await holder.start();
    expect(machine.names).toEqual(['held', 'lost', 'held']);
  });

  it('says why there is no seat, and asks again later', async () => {
    machine.answers = [problem(409, { code: 'seats_exhausted', next_free_at: at(60) })];
    const holder = machine.holder();
    await holder.start();
    expect(machine.events).toEqual([
      {
        event: 'refused',
        problem: { code: 'seats_exhausted', status: 409, detail: 'as it is', next_free_at: at(60) },
      },
    ]);
    machine.answers = [await held()];
    await machine.pass(400);
    expect(machine.names).toEqual(['refused', 'held']);
  });

  it('takes a seat over only where it is called to', async () => {
    machine.answers = [await held()];
    expect(await machine.holder().activate('oldest')).toBe(true);
    expect(machine.asked[0]!.body.take_over).toBe('oldest');
  });

  it('gives its seat back, also again', async () => {
    machine.answers = [await held(), new Response(null, { status: 204 })];
    const holder = machine.holder();
    await holder.start();
    expect(await holder.release()).toBe(true);
    expect(machine.paths).toEqual(['', '/:id/release']);
    expect([(machine.kept as SeatState).activation, machine.planned]).toEqual([null, null]);
    expect(await holder.release()).toBe(true);
    expect(machine.asked).toHaveLength(2);
  });

  it('still knows its seat where the server does not learn of the release', async () => {
    machine.answers = [await held(), new Error('away')];
    const holder = machine.holder();
    await holder.start();
    expect(await holder.release()).toBe(false);
    expect((machine.kept as SeatState).activation?.id).toBe(ACTIVATION_ID);
  });

  it('gives back the seat that was asked for when it was released', async () => {
    machine.answers = [await held(), new Response(null, { status: 204 })];
    const holder = machine.holder();
    const started = holder.start();
    // Until the request is on its way.
    while (machine.asked.length === 0) await Promise.resolve();
    expect(await holder.release()).toBe(true);
    await started;
    expect(machine.paths).toEqual(['', '/:id/release']);
    expect((machine.kept as SeatState).activation).toBeNull();
  });

  it.each([
    ['a page of a hotel', new Response('<html>', { status: 200 })],
    ['another JSON', Response.json({ ok: true })],
    ['a date that is not one', () => held({ last_seen_at: 'x' })],
    // An address can't be made of it.
    ['half a character as id', () => held({ id: '\ud800' })],
    ['a path as id', () => held({ id: '../licenses' })],
    ['a number as token', () => held({ token: 5 })],
    ['more than any answer has', () => held({ padding: 'x'.repeat(262_144) })],
    ['a redirect', () => new Response('{}', { status: 307, headers: { location: 'https://other.example' } })],
  ])('takes %s for no answer', async (_, answer) => {
    machine.answers = [typeof answer === 'function' ? await answer() : answer];
    const holder = machine.holder();
    await holder.start();
    expect([machine.names, holder.shown]).toEqual([[], undefined]);
    expect(machine.planned).not.toBeNull();
  });

  it('works where its storage and its callback fail', async () => {
    const fails = (): never => {
      throw new Error('disk full');
    };
    machine.answers = [await held(), await held()];
    const holder = machine.holder({ storage: { load: fails, save: fails }, onEvent: fails });
    await holder.start();
    await machine.pass(250);
    expect(machine.paths).toEqual(['', '/:id/heartbeat']);
  });

  it.each<[string, object]>([
    ['baseUrl', { baseUrl: undefined }],
    ['token', { token: 5 }],
    ['keys', { keys: undefined }],
    ['fingerprint', { fingerprint: '' }],
    ['fingerprint', { fingerprint: 'a\nb' }],
    ['storage', { storage: {} }],
  ])('refuses the option %s by its name', (name, wrong) => {
    expect(() => machine.holder(wrong)).toThrow(TypeError);
    expect(() => machine.holder(wrong)).toThrow(name);
  });
});
