import fc from 'fast-check';

const NAMES: readonly string[] = [
  'x'.repeat(64),
  'x'.repeat(65),
  'x'.repeat(9_000),
  'x'.repeat(55_000),
  '\\u0001'.repeat(64),
  '\\u0061'.repeat(64),
  '__proto__',
  '',
];
const ELEMENTS: readonly string[] = [
  '{}',
  '[]',
  '1',
  'null',
  '"x"',
  '"\\u0000"',
  '{"token":1}',
  '{"token":"x","module_name":"x","odoo_version":"17"}',
  '{"__proto__":1}',
  '{"a":1,"a":2}',
  '[[1]]',
  `"${'y'.repeat(300)}"`,
  `{"${'z'.repeat(64)}":1}`,
];
const COUNTS: readonly number[] = [50, 99, 101, 1_000, 1_001, 20_000, 500_000];

/** As many elements as there are to be, or as fit. */
const listOf = (element: string, count: number, bytes: number): string => {
  const fitting = Math.max(0, Math.min(count, Math.floor((bytes - 2) / (element.length + 1))));
  return `[${Array.from({ length: fitting }, () => element).join(',')}]`;
};

/**
 * Bodies in which one bound meets another: names by elements, elements by rules, fields by levels.
 * @param names of fields that the route has
 * @param lists that the route has, by name, and how many elements each may have: often as many as that
 * @param bytes the largest body that it takes
 */
export function multipliedBody(
  names: readonly string[],
  lists: readonly (readonly [name: string, most: number])[],
  bytes: number,
): fc.Arbitrary<string> {
  const name = fc.oneof(fc.constantFrom(...names), fc.constantFrom(...NAMES));
  const element = fc.constantFrom(...ELEMENTS);
  const count = fc.constantFrom(...COUNTS);
  const list = fc
    .tuple(name, element, count)
    .map(([at, one, times]) => `{"${at}":${listOf(one, times, bytes - at.length - 5)}}`);
  const wide = fc
    .tuple(
      fc.constantFrom(99, 101, 3_000),
      fc.constantFrom('f', 'x'.repeat(58), '\\u0001'.repeat(8)),
      element,
    )
    .map(([times, prefix, one]) => {
      const member = Array.from({ length: times }, (_, index) => `"${prefix}${index}":${one}`);
      const fitting = Math.floor((bytes - 2) / ((member.at(-1)?.length ?? 0) + 1));
      return `{${member.slice(0, fitting).join(',')}}`;
    });
  const deep = fc
    .tuple(name, fc.integer({ min: 2, max: 31 }), element, count)
    .map(([at, levels, one, times]) => {
      const fitting = Math.min(levels, Math.max(1, Math.floor(bytes / 2 / (at.length + 6))));
      const inner = listOf(one, times, bytes - fitting * (at.length + 6));
      return `${`{"${at}":`.repeat(fitting)}${inner}${'}'.repeat(fitting)}`;
    });
  const nested = fc
    .tuple(name, element, fc.constantFrom(10, 99))
    .map(
      ([at, one, inner]) => `{"${at}":${listOf(listOf(one, inner, bytes), 1_000, bytes - at.length - 5)}}`,
    );
  const text = fc
    .tuple(name, fc.constantFrom('y', '\\u0041', '\\"', '\\\\', '@', 'ä', '.a', ' '))
    .map(
      ([at, unit]) =>
        `{"${at}":"${unit.repeat(Math.max(0, Math.floor((bytes - at.length - 7) / (2 * unit.length))))}"}`,
    );
  const full = lists.map(([at, most]) => ({
    weight: 10,
    arbitrary: element.map((one) => `{"${at}":${listOf(one, most, bytes - at.length - 5)}}`),
  }));
  return fc.oneof(list, wide, deep, nested, text, ...full);
}

const STRUCTURAL = [':', ',', '[', '{', ']', '}', '[]', '{}', '""', '"":', ':[', ':{'];

/**
 * Bodies that name a member once and then repeat what gives JSON its structure: work that is done for the latest name
 * must not be done again for each of those characters.
 * @param names of fields that the route has
 * @param bytes the largest body that it takes
 */
export function repeatedStructure(names: readonly string[], bytes: number): string[] {
  const escaped = new Set(['x'.repeat(64), ...names].map(escapedName));
  return [...escaped].flatMap((name) =>
    ['', ':'].flatMap((after) =>
      STRUCTURAL.map((unit) => {
        const head = `{"${name}"${after}`;
        return head + unit.repeat(Math.floor((bytes - head.length) / unit.length));
      }),
    ),
  );
}

/** The name as JSON may write it too, with six characters for each. */
function escapedName(name: string): string {
  return Array.from(name, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

/** Queries of the same kind, of what fits into a request line. */
export const multipliedQuery: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('a', 'page', '%01'.repeat(20), 'x'.repeat(64), 'x'.repeat(9_000)),
    fc.constantFrom(2, 49, 51, 2_000),
    fc.boolean(),
  )
  .map(([name, times, same]) => {
    const pairs = Array.from({ length: times }, (_, index) => `${name}${same ? '' : index}=1`);
    return `?${pairs.join('&').slice(0, 14_000)}`;
  });
