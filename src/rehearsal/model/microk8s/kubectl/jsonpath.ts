import { isJson } from '../merge.ts';
import { UsageError } from './args.ts';

/** A kubectl JSONPath template: literal text, `{path}`, `{"\n"}`, `{range path}…{end}`. Missing keys print nothing. */
export function jsonpath(template: string, data: unknown): string {
  const text =
    template.includes('{') || template === '' ? template : `{${template.startsWith('.') ? '' : '.'}${template}}`;
  const tokens = tokenize(text);
  return render(tokens, { at: 0 }, [data]);
}

type Token = { text: string } | { action: string };

function tokenize(template: string): Token[] {
  const tokens: Token[] = [];
  let i = 0;
  while (i < template.length) {
    if (template[i] !== '{') {
      const end = template.indexOf('{', i);
      const stop = end < 0 ? template.length : end;
      tokens.push({ text: template.slice(i, stop) });
      i = stop;
      continue;
    }
    const end = closing(template, i);
    if (end < 0) throw new UsageError('error: error parsing jsonpath, unclosed action');
    tokens.push({ action: template.slice(i + 1, end).trim() });
    i = end + 1;
  }
  return tokens;
}

/** The brace that closes an action; those in quotes do not. */
function closing(template: string, start: number): number {
  let quote = '';
  for (let i = start + 1; i < template.length; i++) {
    const char = template[i] ?? '';
    if (quote !== '') {
      if (char === '\\') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '}') return i;
  }
  return -1;
}

function render(tokens: Token[], cursor: { at: number }, data: unknown[]): string {
  let output = '';
  while (cursor.at < tokens.length) {
    const token = tokens[cursor.at++] as Token;
    if ('text' in token) output += token.text;
    else if (token.action === 'end') return output;
    else if (token.action.startsWith('range '))
      output += loop(tokens, cursor, evaluate(token.action.slice(6).trim(), data));
    else if (/^["']/.test(token.action)) output += unquote(token.action);
    else output += evaluate(token.action, data).map(print).join(' ');
  }
  return output;
}

function loop(tokens: Token[], cursor: { at: number }, items: unknown[]): string {
  const start = cursor.at;
  let output = '';
  for (const item of items) {
    cursor.at = start;
    output += render(tokens, cursor, [item]);
  }
  if (items.length > 0) return output;
  for (let depth = 1; depth > 0 && cursor.at < tokens.length; cursor.at++) {
    const token = tokens[cursor.at] as Token;
    if ('action' in token) depth += token.action === 'end' ? -1 : token.action.startsWith('range ') ? 1 : 0;
  }
  return '';
}

const unquote = (text: string): string =>
  text.slice(1, -1).replaceAll(/\\(.)/g, (_, c: string) => ({ n: '\n', t: '\t', r: '\r' })[c] ?? c);

function print(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const STEP = /^(?:\.\.|\.?\[\?\((?<filter>.*?)\)\]|\.?\[(?<index>[^\]]*)\]|\.(?<all>\*)|\.(?<key>(?:\\.|[^.[\\])+))/;

/** Values at a path, in order. */
export function evaluate(path: string, data: unknown[]): unknown[] {
  let rest = path.replace(/^[$@]/, '');
  if (rest !== '' && !/^[.[]/.test(rest)) rest = `.${rest}`;
  let values = data;
  while (rest !== '' && rest !== '.') {
    const match = STEP.exec(rest);
    if (!match || match[0] === '..')
      throw new UsageError(`error: error parsing jsonpath {${path}}, unrecognized character in action`);
    rest = rest.slice(match[0].length);
    const { filter, index, all, key } = match.groups ?? {};
    if (filter !== undefined) values = values.flatMap(children).filter((item) => passes(filter, item));
    else if (all !== undefined || index === '*') values = values.flatMap(children);
    else if (index !== undefined) values = values.flatMap((value) => at(value, index));
    else values = values.flatMap((value) => at(value, `'${(key ?? '').replaceAll(/\\(.)/g, '$1')}'`));
  }
  return values;
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isJson(value) ? Object.values(value) : [];
}

function at(value: unknown, index: string): unknown[] {
  const keys = [...index.matchAll(/'([^']*)'|"([^"]*)"/g)].map((m) => m[1] ?? m[2] ?? '');
  if (keys.length > 0) return isJson(value) ? keys.flatMap((k) => (value[k] === undefined ? [] : [value[k]])) : [];
  if (!Array.isArray(value)) return [];
  const [from = '', to] = index.split(':');
  if (to !== undefined || index.includes(':')) return value.slice(Number(from || 0), to ? Number(to) : undefined);
  const item = value.at(Number(from));
  return item === undefined ? [] : [item];
}

function passes(filter: string, item: unknown): boolean {
  const match = /^\s*(@[^=!<>]*?)\s*(?:(==|!=|>=|<=|>|<)\s*(.*))?$/.exec(filter);
  const [, left = '', operator, right = ''] = match ?? [];
  const found = evaluate(left, [item])[0];
  if (operator === undefined) return found !== undefined && found !== false;
  const wanted = right.trim().replace(/^["'](.*)["']$/, '$1');
  if (operator === '==') return found !== undefined && String(found) === wanted;
  if (operator === '!=') return String(found) !== wanted;
  const [a, b] = [Number(found), Number(wanted)];
  return operator === '>' ? a > b : operator === '<' ? a < b : operator === '>=' ? a >= b : a <= b;
}
