import type { ReactNode } from 'react';
import type { Schemas } from '../api/client';
import { useTexts } from '../texts/language';

/** What an installation gets: which check failed, and what to do about it. */
export function VerdictNote({ verdict }: { verdict: Schemas['Verdict'] }): ReactNode {
  const { support: texts } = useTexts();
  const { valid, code, error, warnings } = verdict;
  return (
    <section className={valid ? 'note good' : 'note bad'} aria-label={texts.verdictTitle}>
      <h2>{texts.verdictTitle}</h2>
      <p className="strong">
        {valid ? texts.usable : texts.refused} <code>{code}</code>
      </p>
      {!valid && (
        <dl>
          <dt>{texts.failedCheck}</dt>
          <dd>{error}</dd>
          <dt>{texts.todo}</dt>
          <dd>{texts.advice[code]}</dd>
        </dl>
      )}
      {warnings.length > 0 && (
        <ul>
          {warnings.map((one) => (
            <li key={one}>{texts.warnings[one]}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
