import { entitlementsIn } from './entitlements';

it('reads one entitlement per line, with the kind of its value', () => {
  expect(
    entitlementsIn(
      'multi_company\n max_employees = 250 \n\nedition=Gold = best\nbeta=false\nserial=0x10\nzero=0',
    ),
  ).toEqual({
    multi_company: true,
    max_employees: 250,
    edition: 'Gold = best',
    beta: false,
    serial: '0x10',
    zero: 0,
  });
});
