import { MarkerSearch } from './database-proxy';

describe('a marker in a stream', () => {
  it.each([
    ['in one chunk', ['a COMMIT b'], [true]],
    ['at the end of one chunk', ['a COMMIT', ' b'], [true, false]],
    ['in two chunks', ['a COM', 'MIT b'], [false, true]],
    ['byte by byte', 'aCOMMITb'.split(''), [false, false, false, false, false, false, true, false]],
    ['twice', ['COMMIT COM', 'MIT'], [true, true]],
    ['only at the second try', ['COMM', 'COMM', 'IT.'], [false, false, true]],
    ['not as a whole', ['COMM', ' ', 'IT'], [false, false, false]],
  ])('that arrives %s is found at its end', (_how, chunks, found) => {
    const search = new MarkerSearch(Buffer.from('COMMIT'));
    expect(chunks.map((chunk) => search.endsIn(Buffer.from(chunk)))).toEqual(found);
  });
});
