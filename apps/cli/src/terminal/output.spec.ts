import { Writable } from 'node:stream';
import { Output } from './output';

const EVIL = 'a\u001b[2J\u009b31m\u2028\u202eb';

describe('what a command answers', () => {
  let written: string;
  beforeEach(() => {
    written = '';
  });
  function output(json: boolean): Output {
    const stream = new Writable({
      write: (text: Buffer, _encoding, done) => {
        written += text.toString();
        done();
      },
    });
    return new Output(json, stream);
  }

  it('is text for people, without any control character that a terminal obeys', async () => {
    const printed = output(false);
    printed.entry('rows', {}, `${EVIL}\nsame line`);
    printed.line(EVIL);
    printed.end({ total: 1 }, `${EVIL}\nlast line`);
    await printed.flush();
    expect(written).toBe('a?[2J?31m??b?same line\na?[2J?31m??b\na?[2J?31m??b\nlast line\n');
  });

  it('is one line of JSON for programs, with the values unchanged', async () => {
    const printed = output(true);
    printed.entry('rows', { text: EVIL }, '');
    printed.entry('rows', { text: `${EVIL}\n` }, '');
    printed.line(EVIL);
    printed.end({ last: EVIL }, '');
    await printed.flush();
    expect(written).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(written)).toEqual({ rows: [{ text: EVIL }, { text: `${EVIL}\n` }], last: EVIL });
  });
});
