import type { Answer } from '../../support/contract/answer';
import { checkAgainstContract, problemsOfError } from '../../support/contract/contract-check';

/** What only code of the server can have said: frames of a stack, files, SQL. */
const INSIDES =
  /\n\s+at \S|node_modules|\b[\w-]+\.[cm]?[jt]s:\d+|QueryFailedError|TypeError|SyntaxError|\bSELECT .+ FROM\b/;
/** What an answer may be at most that says why a request was refused. */
const LONGEST_ERROR = 64 * 1024;
/** Pages whose very content is code. */
const CODE_PAGES = '/docs';

/** What the parser answers before there is a request, and so outside of every operation. */
const BY_THE_PARSER = [400, 408, 413, 431];

/** @returns what is wrong with an answer to a request; empty when nothing is */
export function faultsOfAnswer(method: string, target: string, answer: Answer): string[] {
  const { status, headers } = answer;
  const early = !headers.has('content-security-policy') && BY_THE_PARSER.includes(status);
  const faults = early ? faultsOfBytes(answer) : faultsOf(answer, target);
  if (early) return faults;
  // Refused as soon as its head was read: no operation declares it.
  if (status === 431 || status === 501)
    return [...faults, ...(method === 'HEAD' ? [] : problemsOfError(answer))];
  try {
    checkAgainstContract(method, pathOf(target), answer);
  } catch (error) {
    // All but the last line, which is the whole body.
    faults.push(String(error).split('\n').slice(1, -1).join('; ').slice(0, 300));
  }
  return faults;
}

/** @returns what is wrong with an answer to bytes of which nobody knows what request they are */
export function faultsOfBytes(answer: Answer): string[] {
  const { status, body } = answer;
  // An answer to HEAD has none.
  if (status < 400 || body === '') return faultsOf(answer);
  return [...faultsOf(answer), ...problemsOfError(answer)];
}

function faultsOf({ status, headers, body }: Answer, target = ''): string[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return [
    ...(status >= 500 && status !== 501 ? [`answered ${status}`] : []),
    ...(status >= 400 && Buffer.byteLength(text) > LONGEST_ERROR
      ? ['said more than 64 KiB in an error']
      : []),
    ...(headers.has('x-powered-by') ? ['named the framework'] : []),
    ...(headers.has('x-injected') ? ['took a header from the caller'] : []),
    ...(headers.has('x-request-id') ? [] : [`answered ${status} without X-Request-ID`]),
    ...(!target.startsWith(CODE_PAGES) && INSIDES.test(text) ? ['shows its internals'] : []),
  ];
}

/** The target in the form that the contract has. */
function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '');
}
