import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog } from '@base-ui/react/dialog';
import { type ReactNode, useRef, useState } from 'react';
import { useTexts } from '../texts/language';
import { pageHeading } from './page';

/**
 * A button that opens a dialog. The focus returns to the button, or to the page's heading once the work is done,
 * because the button may be gone then.
 * @param isFinal whether what the dialog does cannot be undone: a click next to it does not close it
 * @param children the dialog's content; `done` closes it
 */
export function ActionDialog({
  action,
  title,
  consequence,
  isFinal = false,
  children,
}: {
  action: string;
  title: string;
  consequence: ReactNode;
  isFinal?: boolean;
  children: (parts: { done: () => void; cancel: ReactNode }) => ReactNode;
}): ReactNode {
  const { general } = useTexts();
  const [isOpen, setOpen] = useState(false);
  const isDone = useRef(false);
  const Parts = isFinal ? AlertDialog : Dialog;
  const done = (): void => {
    isDone.current = true;
    setOpen(false);
  };
  const toggle = (open: boolean): void => {
    if (open) isDone.current = false;
    setOpen(open);
  };
  return (
    <Parts.Root open={isOpen} onOpenChange={toggle}>
      <Parts.Trigger className={isFinal ? 'button danger' : 'button'}>{action}</Parts.Trigger>
      <Parts.Portal>
        <Parts.Backdrop className="backdrop" />
        <Parts.Popup className="dialog" finalFocus={() => (isDone.current ? pageHeading() : true)}>
          <Parts.Title>{title}</Parts.Title>
          <Parts.Description render={<div />}>{consequence}</Parts.Description>
          {children({ done, cancel: <Parts.Close className="button">{general.cancel}</Parts.Close> })}
        </Parts.Popup>
      </Parts.Portal>
    </Parts.Root>
  );
}
