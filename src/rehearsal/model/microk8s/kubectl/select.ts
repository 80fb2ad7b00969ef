import type { KubeObject } from '../../state.ts';
import { evaluate } from './jsonpath.ts';

/** Does an object carry these labels? Equality, set and existence forms, comma separated. */
export function matches(object: KubeObject, selector: string | undefined): boolean {
  if (selector === undefined || selector === '') return true;
  const labels = object.metadata.labels ?? {};
  return selector.split(/,(?![^(]*\))/).every((part) => requirement(part.trim(), labels));
}

function requirement(part: string, labels: Record<string, string>): boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part);
  if (set) {
    const values = (set[3] ?? '').split(',').map((v) => v.trim());
    const has = values.includes(labels[set[1] ?? ''] ?? '\0');
    return set[2] === 'in' ? has : !has;
  }
  const pair = /^([^!=\s]+)\s*(==|=|!=)\s*(.*)$/.exec(part);
  if (pair) return (labels[pair[1] ?? ''] === pair[3]) === (pair[2] !== '!=');
  return part.startsWith('!') ? labels[part.slice(1).trim()] === undefined : labels[part] !== undefined;
}

/** `metadata.name=x,status.phase!=Running`. */
export function matchesFields(object: KubeObject, selector: string | undefined): boolean {
  if (selector === undefined || selector === '') return true;
  return selector.split(',').every((part) => {
    const [, path = '', operator, value = ''] = /^([^!=]+)(==|=|!=)(.*)$/.exec(part) ?? [];
    const found = evaluate(`.${path}`, [object])[0];
    return (String(found ?? '') === value) === (operator !== '!=');
  });
}
