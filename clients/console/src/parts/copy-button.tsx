import { type ReactNode, useState } from 'react';
import { useTexts } from '../texts/language';

/** Copies a text. */
export function CopyButton({ text }: { text: string }): ReactNode {
  const { general } = useTexts();
  const [copied, setCopied] = useState('');
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(text);
    });
  };
  return (
    <>
      <button type="button" className="button" onClick={copy}>
        {general.copy}
      </button>
      <span role="status" className="faint copied">
        {copied === text && general.copied}
      </span>
    </>
  );
}
