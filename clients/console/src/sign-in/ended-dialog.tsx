import { Dialog } from '@base-ui/react/dialog';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useSessionState } from '../api/session';
import { useTexts } from '../texts/language';
import { SignInForm } from './sign-in-form';

/** The sign-in over the page whose session has ended: the page stays as it is, with all that was typed. */
export function EndedDialog(): ReactNode {
  const { signIn } = useTexts();
  const state = useSessionState();
  const queries = useQueryClient();
  return (
    <Dialog.Root open={state.kind === 'in' && state.ended} disablePointerDismissal>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>{signIn.endedTitle}</Dialog.Title>
          <Dialog.Description>{signIn.endedIntro}</Dialog.Description>
          <SignInForm
            onDone={(isSame) => {
              // Nobody sees what another person loaded or typed.
              if (isSame) void queries.invalidateQueries();
              else location.reload();
            }}
          />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
