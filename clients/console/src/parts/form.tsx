import { Field } from '@base-ui/react/field';
import { Form } from '@base-ui/react/form';
import { type ReactNode, type SyntheticEvent, useState } from 'react';
import { ProblemError } from '../api/problem';
import { useTexts } from '../texts/language';
import { ErrorNote } from './states';

interface FieldProps {
  name: string;
  label: string;
  hint?: string | undefined;
  isRequired?: boolean;
}

/** A field with its label, a hint, and the message of a rule that it breaks. */
export function LabeledField({
  name,
  label,
  hint,
  isRequired = false,
  children,
}: FieldProps & { children: ReactNode }): ReactNode {
  const { general } = useTexts();
  return (
    <Field.Root name={name} className="field">
      <Field.Label className="label">
        {label}
        {!isRequired && <span className="faint"> ({general.optional})</span>}
      </Field.Label>
      {children}
      {hint !== undefined && <Field.Description className="hint">{hint}</Field.Description>}
      <Field.Error className="error" />
    </Field.Root>
  );
}

type InputProps = FieldProps &
  Pick<
    React.ComponentProps<'input'>,
    | 'type'
    | 'defaultValue'
    | 'autoComplete'
    | 'inputMode'
    | 'list'
    | 'min'
    | 'max'
    | 'maxLength'
    | 'onChange'
    | 'readOnly'
  >;

/** One line of text. */
export function TextField({ name, label, hint, isRequired = false, ...input }: InputProps): ReactNode {
  return (
    <LabeledField name={name} label={label} hint={hint} isRequired={isRequired}>
      <Field.Control
        className="input"
        required={isRequired}
        spellCheck={false}
        autoComplete="off"
        {...input}
      />
    </LabeledField>
  );
}

/** Several lines of text. */
export function TextArea({
  name,
  label,
  hint,
  isRequired = false,
  rows = 3,
  defaultValue,
}: FieldProps & { rows?: number; defaultValue?: string }): ReactNode {
  return (
    <LabeledField name={name} label={label} hint={hint} isRequired={isRequired}>
      <Field.Control
        className="input"
        required={isRequired}
        render={<textarea rows={rows} defaultValue={defaultValue} spellCheck={false} />}
      />
    </LabeledField>
  );
}

/** One of a few values. */
export function Choice({
  name,
  label,
  hint,
  options,
  ...select
}: FieldProps & {
  options: readonly (readonly [value: string, text: string])[];
  defaultValue?: string;
  onChange?: (event: React.ChangeEvent<HTMLSelectElement>) => void;
}): ReactNode {
  return (
    <LabeledField name={name} label={label} hint={hint} isRequired>
      <Field.Control
        className="input"
        render={
          <select {...select}>
            {options.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        }
      />
    </LabeledField>
  );
}

/** Yes or no. */
export function Check({
  name,
  label,
  hint,
  defaultChecked = false,
}: FieldProps & { defaultChecked?: boolean }): ReactNode {
  return (
    <Field.Root name={name} className="field">
      <Field.Label className="check">
        <Field.Control render={<input type="checkbox" defaultChecked={defaultChecked} />} />
        <span>{label}</span>
      </Field.Label>
      {hint !== undefined && <Field.Description className="hint">{hint}</Field.Description>}
      <Field.Error className="error" />
    </Field.Root>
  );
}

/** The values of a form, by name. */
export class Values {
  constructor(private readonly data: FormData) {}

  /** @returns a text without white space around it; undefined when it is empty */
  text(name: string): string | undefined {
    const value = this.data.get(name);
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' ? undefined : text;
  }

  /** A number; undefined when the field is empty. What is not a number is left to the server, which says so. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  /** Parts between commas or spaces. */
  list(name: string): string[] {
    return (this.text(name) ?? '').split(/[\s,;]+/).filter((part) => part !== '');
  }

  isChecked(name: string): boolean {
    return this.data.get(name) !== null;
  }
}

/**
 * A form that sends its values, shows what the server says at the fields that it names, and keeps what was typed.
 * @param send throws what the API throws
 * @param extra more buttons, next to the one that sends
 * @param fields names of the fields, as the server names them
 */
export function SendForm({
  children,
  submit,
  fields,
  send,
  tone = 'primary',
  extra,
}: {
  children: ReactNode;
  submit: string;
  fields: readonly string[];
  send: (values: Values) => Promise<void>;
  tone?: 'primary' | 'danger';
  extra?: ReactNode;
}): ReactNode {
  const { general } = useTexts();
  const [error, setError] = useState<unknown>();
  const [isSending, setSending] = useState(false);
  const atFields = error instanceof ProblemError ? error.fields(fields) : {};
  const run = async (form: HTMLFormElement): Promise<void> => {
    setSending(true);
    setError(undefined);
    try {
      await send(new Values(new FormData(form)));
    } catch (thrown) {
      setError(thrown);
    } finally {
      setSending(false);
    }
  };
  const onSubmit = (event: SyntheticEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!isSending) void run(event.currentTarget);
  };
  const isShownAtFields =
    error instanceof ProblemError &&
    coversAll(error.problem.errors?.length ?? 1, Object.keys(atFields).length);
  return (
    <Form errors={atFields} onSubmit={onSubmit} className="form">
      {error !== undefined && !isShownAtFields && <ErrorNote error={error} />}
      {children}
      <div className="buttons">
        <button type="submit" className={`button ${tone}`} aria-disabled={isSending}>
          {isSending ? general.saving : submit}
        </button>
        {extra}
      </div>
    </Form>
  );
}

function coversAll(messages: number, shown: number): boolean {
  return shown > 0 && shown >= messages;
}
