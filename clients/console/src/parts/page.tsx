import { type ReactNode, useEffect, useRef } from 'react';
import { useTexts } from '../texts/language';

/**
 * A page with its heading, which names the document and has the focus once the page is shown.
 * @param actions what can be done from here, next to the heading
 */
export function Page({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}): ReactNode {
  const { general } = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – ${general.console}`;
  }, [title, general]);
  useEffect(() => {
    // Not at the first page: its reader begins at the top.
    if (document.activeElement !== document.body || history.state !== null) heading.current?.focus();
  }, []);
  return (
    <>
      <div className="heading">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

/** Focuses the heading: for what had the focus and is gone. */
export function pageHeading(): HTMLElement | null {
  return document.querySelector<HTMLElement>('h1');
}
