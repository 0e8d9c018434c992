import { type ReactNode } from 'react';
import { asCurl, type ShownRequest } from '../api/curl';
import { useTexts } from '../texts/language';
import { CopyButton } from './copy-button';

/** The requests of a page, to copy into a shell. */
export function AsCurl({ requests }: { requests: readonly ShownRequest[] }): ReactNode {
  const { general } = useTexts();
  const text = requests.map((request) => asCurl(request, location.origin)).join('\n\n');
  return (
    <details className="curl">
      <summary>{general.asCurl}</summary>
      <p className="hint">{general.curlNote}</p>
      <pre tabIndex={0} aria-label={general.asCurl}>
        {text}
      </pre>
      <CopyButton text={text} />
    </details>
  );
}
