import { RouterProvider } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { findSession, useSessionState } from './api/session';
import { ErrorNote, Loading } from './parts/states';
import { router } from './router';
import { EndedDialog } from './sign-in/ended-dialog';
import { SignInPage } from './sign-in/sign-in-page';

/** The console: the sign-in, or the pages. */
export function App(): ReactNode {
  const state = useSessionState();
  useEffect(() => {
    void findSession();
  }, []);
  switch (state.kind) {
    case 'unknown':
      return <Loading />;
    case 'failed':
      return (
        <main className="content">
          <ErrorNote
            error={state.error}
            onAgain={() => {
              void findSession();
            }}
          />
        </main>
      );
    case 'out':
      return <SignInPage />;
    case 'in':
      return (
        <>
          <RouterProvider router={router} />
          <EndedDialog />
        </>
      );
  }
}
