import type { ReactNode } from 'react';
import { ProblemError, Unreachable } from '../api/problem';
import { useScopes } from '../api/session';
import { useTexts } from '../texts/language';
import type { Texts } from '../texts/texts';

/** While an answer is awaited. */
export function Loading(): ReactNode {
  const { general } = useTexts();
  return (
    <p className="loading" role="status">
      {general.loading}
    </p>
  );
}

/** A sentence for people about what went wrong. */
export function sentenceOf(error: unknown, { general }: Texts): string {
  if (error instanceof Unreachable) return general.unreachable;
  if (!(error instanceof ProblemError)) return String(error);
  if (error.problem.status === 401) return general.ended;
  if (error.problem.status === 412) return general.changedMeanwhile;
  return error.problem.detail;
}

/**
 * What went wrong, with the id that finds it in the server's log.
 * @param onAgain what to try again, if anything
 */
export function ErrorNote({ error, onAgain }: { error: unknown; onAgain?: () => void }): ReactNode {
  const texts = useTexts();
  const { general } = texts;
  const problem = error instanceof ProblemError ? error.problem : undefined;
  const isEnded = problem?.status === 401;
  return (
    <div className="note bad" role="alert">
      <p className="strong">{general.errorTitle}</p>
      <p>{sentenceOf(error, texts)}</p>
      {!isEnded && problem?.errors !== undefined && (
        <ul>
          {problem.errors.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              <code>{field}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {problem?.request_id !== undefined && <p className="faint">{general.requestId(problem.request_id)}</p>}
      {onAgain && (
        <button type="button" className="button" onClick={onAgain}>
          {general.tryAgain}
        </button>
      )}
    </div>
  );
}

/** What follows, if the session has a scope; else a note that says which one it lacks. */
export function Needs({ scope, children }: { scope: string; children: ReactNode }): ReactNode {
  const { general } = useTexts();
  const can = useScopes();
  if (can(scope)) return children;
  return (
    <div className="note">
      <p className="strong">{general.noAccess}</p>
      <p>{general.noAccessDetail(scope)}</p>
    </div>
  );
}

interface Loadable<Data> {
  data: Data | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** What a query answered; until then that it loads, or what went wrong. */
export function Loaded<Data>({
  query,
  children,
}: {
  query: Loadable<Data>;
  children: (data: Data) => ReactNode;
}): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null && query.error !== undefined)
    return (
      <ErrorNote
        error={query.error}
        onAgain={() => {
          void query.refetch();
        }}
      />
    );
  return <Loading />;
}
