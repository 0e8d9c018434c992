import { type ReactNode } from 'react';
import type { Schemas } from '../api/client';
import { Check, TextArea, TextField, type Values } from '../parts/form';
import { useTexts } from '../texts/language';

export const CUSTOMER_FIELDS = ['id', 'name', 'email', 'company', 'phone', 'address', 'notes', 'is_active'];

type Details = Omit<Schemas['CreateCustomer'], 'id'>;

/** The fields of a customer that can be changed. */
export function CustomerFields({ customer }: { customer?: Schemas['Customer'] }): ReactNode {
  const { customers: texts } = useTexts();
  return (
    <>
      <TextField
        name="name"
        label={texts.name}
        hint={texts.nameHint}
        defaultValue={customer?.name}
        isRequired
      />
      <TextField
        name="email"
        label={texts.email}
        type="text"
        inputMode="email"
        defaultValue={customer?.email ?? ''}
      />
      <TextField name="company" label={texts.company} defaultValue={customer?.company ?? ''} />
      <TextField name="phone" label={texts.phone} inputMode="tel" defaultValue={customer?.phone ?? ''} />
      <TextField name="address" label={texts.address} defaultValue={customer?.address ?? ''} />
      <TextArea
        name="notes"
        label={texts.notes}
        hint={texts.notesHint}
        defaultValue={customer?.notes ?? ''}
      />
      <Check
        name="is_active"
        label={texts.isActive}
        hint={texts.isActiveHint}
        defaultChecked={customer?.is_active ?? true}
      />
    </>
  );
}

/** What was typed; empty fields are null, which empties them. */
export function customerIn(values: Values): Details {
  return {
    name: values.text('name') ?? '',
    email: values.text('email') ?? null,
    company: values.text('company') ?? null,
    phone: values.text('phone') ?? null,
    address: values.text('address') ?? null,
    notes: values.text('notes') ?? null,
    is_active: values.isChecked('is_active'),
  };
}
