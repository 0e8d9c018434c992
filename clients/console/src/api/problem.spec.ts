import { ProblemError } from './problem';

const refused = (body: unknown, status: number): ProblemError =>
  ProblemError.from(body, new Response(null, { status }));

it('shows each message at the field that it names, also inside of it', () => {
  const errors = [
    { field: 'seats.max', message: 'must be at least 1' },
    { field: 'seats.mode', message: 'must be fixed or floating' },
    { field: 'other', message: 'is not known' },
  ];
  const error = refused({ code: 'validation_failed', title: 'x', detail: 'y', errors }, 422);
  expect(error.fields(['seats', 'notes'])).toEqual({ seats: 'must be at least 1' });
});

it('shows at its field what is about one field, but names none', () => {
  const error = refused({ code: 'customer_inactive', title: 'x', detail: 'It is inactive.' }, 409);
  expect(error.fields(['customer_id'])).toEqual({ customer_id: 'It is inactive.' });
  expect(error.fields(['reason'])).toEqual({});
});

it('has a sentence also where a proxy answered without a problem document', () => {
  expect(refused(undefined, 502).problem).toMatchObject({ status: 502, detail: 'HTTP 502' });
  expect(refused('<html>', 502).problem).toMatchObject({ status: 502, detail: 'HTTP 502' });
});
