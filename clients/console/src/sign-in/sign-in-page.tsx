import { type ReactNode, useEffect } from 'react';
import { LanguageChoice } from '../parts/language-choice';
import { useTexts } from '../texts/language';
import { SignInForm } from './sign-in-form';

/** What somebody sees who is not signed in. The address stays: after the sign-in it leads where it says. */
export function SignInPage(): ReactNode {
  const { signIn, general } = useTexts();
  useEffect(() => {
    document.title = `${signIn.title} – ${general.console}`;
  }, [signIn, general]);
  return (
    <main className="sign-in card">
      <h1>{general.console}</h1>
      <p>{signIn.intro}</p>
      <SignInForm />
      <LanguageChoice />
    </main>
  );
}
