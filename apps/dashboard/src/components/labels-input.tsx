import { TagsInput } from '@mantine/core';

interface LabelsInputProps {
  /** As `env=prod`. */
  value: string[];
  onChange: (value: string[]) => void;
  error?: string;
}

const LABEL =
  /^[a-z0-9A-Z]([a-z0-9A-Z._/-]{0,61}[a-z0-9A-Z])?=([a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?)?$/;

export const labelTexts = (labels: Record<string, string>) =>
  Object.entries(labels).map(([key, value]) => `${key}=${value}`);

export const labelsOf = (texts: string[]): Record<string, string> =>
  Object.fromEntries(
    texts.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );

/** Labels, for finding things again: `env=prod`. A bare word is a label without a value. */
export function LabelsInput({ value, onChange, error }: LabelsInputProps) {
  const normal = (text: string) => (text.includes('=') ? text : `${text}=`);
  const wrong = value.find((text) => !LABEL.test(text));
  return (
    <TagsInput
      label="Labels"
      description="For finding servers again, such as env=prod. Enter after each one."
      value={value}
      onChange={(texts) => onChange([...new Set(texts.map((text) => normal(text.trim())))])}
      error={error ?? (wrong && `“${wrong}” is not a label: letters, digits and . _ - such as env=prod`)}
      maxTags={32}
      clearable
      clearButtonProps={{ 'aria-label': 'Clear: labels' }}
    />
  );
}
