import { TextInput } from '@mantine/core';
import { bitRate, bytes } from '../format/amounts';
import { type AmountKind, amountOf, parseAmount } from '../format/parse-amount';

interface AmountInputProps {
  label: string;
  kind: AmountKind;
  help?: string;
  text: string;
  onChange: (text: string) => void;
  /** What the API refused. */
  error?: string;
  placeholder?: string;
}

/** An amount as people say it (`2 GiB`); what it is read as stands below. */
export function AmountInput(props: AmountInputProps) {
  const { label, kind, help, text, onChange, error, placeholder = 'No limit' } = props;
  const parsed = parseAmount(kind, text);
  return (
    <TextInput
      label={label}
      description={readAs(kind, amountOf(kind, text)) ?? help}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      placeholder={placeholder}
      value={text}
      error={error ?? ('error' in parsed ? parsed.error : undefined)}
      inputMode={kind === 'count' || kind === 'percent' || kind === 'number' ? 'decimal' : undefined}
      autoComplete="off"
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function readAs(kind: AmountKind, value: number | null): string | null {
  if (value === null) return null;
  if (kind === 'bytes') return `= ${value.toLocaleString('en')} bytes`;
  if (kind === 'byteRate') return `= ${bytes(value)} a second`;
  return kind === 'bitRate' ? `= ${bitRate(value)}` : null;
}
