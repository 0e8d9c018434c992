import { en } from './en';
import { fr } from './fr';

type Text = string | ((...given: never[]) => string);
interface Tree {
  readonly [name: string]: Text | Tree;
}

/** Every text, by its path; functions with the parameters that they take. */
function textsIn(tree: Tree, path = ''): Map<string, Text> {
  return new Map(
    Object.entries(tree).flatMap(([name, value]) => {
      const at = path === '' ? name : `${path}.${name}`;
      return typeof value === 'object' ? [...textsIn(value, at)] : [[at, value] as const];
    }),
  );
}

/** Words that are the same in both languages. */
const SAME = new Set([
  'general.product',
  'general.none',
  'licenses.type',
  'licenses.module',
  'licenses.versions',
  'licenses.notes',
  'licenses.activations',
  'licenses.installation',
  'licenses.statuses.active',
  'actions.title',
  'actions.reissue.versions',
  'customers.email',
  'customers.notes',
  'support.module',
  'support.version',
  'support.keyStates.active',
]);

const english = textsIn(en);
const french = textsIn(fr);

describe('the texts of the console', () => {
  it('are all there in French, and no others', () => {
    expect([...french.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it.each([...english])('%s is a text in both languages, and translated', (name, text) => {
    const translated = french.get(name)!;
    expect(typeof translated).toBe(typeof text);
    if (typeof text === 'function' || typeof translated === 'function') return;
    expect(text.trim()).not.toBe('');
    expect(translated.trim()).not.toBe('');
    expect(translated === text).toBe(SAME.has(name));
  });

  it('name in French what they name in English, with each value that they are given', () => {
    for (const [name, text] of english) {
      const translated = french.get(name);
      if (typeof text !== 'function' || typeof translated !== 'function') continue;
      const given = ['first canary', 'second canary'].slice(0, text.length) as never[];
      const shown = (one: string): boolean[] => given.map((value) => one.includes(value));
      expect([name, shown(translated(...given))]).toEqual([name, shown(text(...given))]);
    }
  });
});
