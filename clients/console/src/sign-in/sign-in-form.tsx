import { type ReactNode } from 'react';
import { ProblemError } from '../api/problem';
import { signIn } from '../api/session';
import { SendForm, TextField } from '../parts/form';
import { useTexts } from '../texts/language';

/**
 * Exchanges an API key for a session. The key is in the page only while it is typed.
 * @param onDone called once the session is there, with whether it is the same API key as before
 */
export function SignInForm({ onDone }: { onDone?: (isSame: boolean) => void }): ReactNode {
  const { signIn: texts } = useTexts();
  return (
    <SendForm
      submit={texts.submit}
      fields={['key']}
      send={async (values) => {
        const isSame = await signIn(values.text('key') ?? '').catch((error: unknown) => {
          throw atKey(error, texts.wrongKey);
        });
        onDone?.(isSame);
      }}
    >
      <TextField name="key" label={texts.key} type="password" isRequired />
    </SendForm>
  );
}

/** A refused key is an error of the field. */
function atKey(error: unknown, message: string): unknown {
  if (!(error instanceof ProblemError) || error.problem.status !== 401) return error;
  return new ProblemError({ ...error.problem, status: 422, errors: [{ field: 'key', message }] });
}
