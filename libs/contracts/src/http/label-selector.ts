import { labelKeySchema, labelValueSchema } from '../names';

export type LabelRequirement =
  | { key: string; operator: 'exists' }
  | { key: string; operator: 'absent' }
  | { key: string; operator: 'in' | 'not_in'; values: string[] };

const SET = /^(\S+) (in|notin) ?\(([^()]*)\)$/;
const EQUALITY = /^([^=!\s]+) ?(==|=|!=) ?([^=!\s]*)$/;

/** Splits at commas that are not inside parentheses. */
function splitTerms(text: string): string[] {
  return text.split(/,(?![^(]*\))/).map((term) => term.trim());
}

function parseTerm(term: string): LabelRequirement | null {
  const set = SET.exec(term);
  if (set) {
    const values = set[3]!.split(',').map((value) => value.trim());
    return { key: set[1]!, operator: set[2] === 'in' ? 'in' : 'not_in', values };
  }
  const equality = EQUALITY.exec(term);
  if (equality) {
    return { key: equality[1]!, operator: equality[2] === '!=' ? 'not_in' : 'in', values: [equality[3]!] };
  }
  return term.startsWith('!')
    ? { key: term.slice(1), operator: 'absent' }
    : { key: term, operator: 'exists' };
}

function isSound(requirement: LabelRequirement): boolean {
  const values = 'values' in requirement ? requirement.values : [];
  return (
    labelKeySchema.safeParse(requirement.key).success &&
    values.every((value) => labelValueSchema.safeParse(value).success)
  );
}

/**
 * Reads `k=v,k2!=v2,k3,!k4,k5 in (a,b),k6 notin (a)`; all terms must hold. As in Kubernetes, `!=` and `notin` hold for
 * things without the label too. Null where the text is not a selector; an empty text selects everything.
 */
export function parseLabelSelector(text: string): LabelRequirement[] | null {
  if (text.trim() === '') return [];
  const requirements = splitTerms(text).map(parseTerm);
  return requirements.every((requirement) => requirement !== null && isSound(requirement))
    ? (requirements as LabelRequirement[])
    : null;
}
