import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { signOut, useSessionState } from './api/session';
import { LanguageChoice } from './parts/language-choice';
import { Notices, notify } from './parts/notices';
import { sentenceOf } from './parts/states';
import { useTexts } from './texts/language';

/** What is around every page. */
export function Frame(): ReactNode {
  const texts = useTexts();
  const { general } = texts;
  const state = useSessionState();
  const queries = useQueryClient();
  const leave = (): void => {
    signOut().then(
      () => {
        queries.clear();
        notify('');
      },
      (error: unknown) => {
        notify(sentenceOf(error, texts));
      },
    );
  };
  return (
    <>
      <a className="skip" href="#content">
        {general.skip}
      </a>
      <header className="header">
        <span className="brand">{general.product}</span>
        <nav aria-label={general.menu}>
          <Link to="/licenses">{general.licenses}</Link>
          <Link to="/customers">{general.customers}</Link>
          <Link to="/support">{general.support}</Link>
        </nav>
        <div className="who">
          <LanguageChoice />
          <span className="faint">
            {state.kind === 'in' && general.signedInAs(state.session.api_key.name)}
          </span>
          <button type="button" className="button" onClick={leave}>
            {general.signOut}
          </button>
        </div>
      </header>
      <main id="content" className="content" tabIndex={-1}>
        <Notices />
        <Outlet />
      </main>
    </>
  );
}
