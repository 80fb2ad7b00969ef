import { isDeepStrictEqual } from 'node:util';
import { type CST, Document, isAlias, isMap, isSeq, type YAMLSeq } from 'yaml';
import { ExitCode, UserError } from '../errors.ts';
import type { NodeInput } from './schema.ts';
import { Source } from './source.ts';
import { readTree, type Tree } from './tree.ts';

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/**
 * The text of a cluster file with one more machine at the end of `nodes`. Only inserts: comments, order, blank lines,
 * quotes, line ends and byte order mark stay as they were. Says nothing about whether the machine is valid: give the
 * result to `parseCluster`. Throws a UserError with the lines to add by hand when the file is written in a way that
 * cannot be added to.
 */
export function addNodeToText(text: string, node: NodeInput): string {
  const tree = treeOf(text);
  const nodes = tree?.document.get('nodes');
  if (!tree || !isSeq(nodes) || nodes.items.length === 0) throw byHand(node);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const insertions = nodes.flow ? intoFlow(text, nodes, node, eol) : intoBlock(text, nodes, node, eol);
  const result = insertions.reduceRight(
    (done, { at, text: added }) => done.slice(0, at) + added + done.slice(at),
    text,
  );
  const value = tree.value as { nodes: unknown[] };
  const wanted = { ...value, nodes: [...value.nodes, plain(node)] };
  if (!isDeepStrictEqual(treeOf(result)?.value, wanted)) throw byHand(node);
  return result;
}

function treeOf(text: string): Tree | undefined {
  const tree = readTree(new Source('mlk8s.yaml', text));
  return 'document' in tree && tree.faults.length === 0 && isMap(tree.document.contents) ? tree : undefined;
}

function byHand(node: NodeInput): UserError {
  return new UserError(
    {
      where: 'nodes',
      seen: 'the machine cannot be added to the cluster file without changing how the file is written',
      why: 'the list "nodes" is empty, a reference, or written in an unusual way',
      next: ['Add these lines to "nodes" yourself:', ...blockLines(node, 0, 1)],
    },
    ExitCode.invalid,
  );
}

/** A block list: new lines below the last machine and the comments that are indented under it. */
function intoBlock(text: string, nodes: YAMLSeq.Parsed | YAMLSeq, node: NodeInput, eol: string): Insertion[] {
  const last = nodes.items.at(-1);
  const dash = dashColumn(nodes);
  const gap = isMap(last) && !last.flow ? Math.max(1, columnOf(text, rangeOf(last)[0]) - dash - 1) : 1;
  const end = endOfItem(text, rangeOf(last)[1], dash);
  const flow = isMap(last) && last.flow;
  const lines = flow ? [`${' '.repeat(dash)}- ${flowText(text, last, node)}`] : blockLines(node, dash, gap);
  const added = [...(blankBetween(text, nodes) ? [''] : []), ...lines];
  const newline = end === text.length && !text.endsWith('\n');
  return [{ at: end, text: newline ? added.map((l) => eol + l).join('') : added.map((l) => l + eol).join('') }];
}

/** A list in brackets: behind the last machine, on a line of its own if that one has one. */
function intoFlow(text: string, nodes: YAMLSeq, node: NodeInput, eol: string): Insertion[] {
  const last = nodes.items.at(-1);
  const [start, end] = rangeOf(last);
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const before = text.slice(lineStart, start);
  const item = flowText(text, last, node);
  const comma = commaAfter(text, end);
  const ownLine = lineStart > 0 && before.trim() === '' && lineStart > rangeOf(nodes)[0];
  if (!ownLine) return comma === undefined ? [{ at: end, text: `, ${item}` }] : [{ at: comma, text: ` ${item},` }];
  const lineEnd = contentEnd(text, comma ?? end);
  const line = { at: lineEnd, text: `${eol}${before}${item}${comma === undefined ? '' : ','}` };
  return comma === undefined ? [{ at: end, text: ',' }, line] : [line];
}

/** Offset behind the comma that follows a list entry, if one does; comments in between do not count. */
function commaAfter(text: string, from: number): number | undefined {
  const between = /^(?:\s|(?<=\s)#[^\n]*\n)*,/.exec(text.slice(from));
  return between ? from + between[0].length : undefined;
}

/** End of the line without its line end, comment included; or where the closing bracket on it stands. */
function contentEnd(text: string, from: number): number {
  const rest = /^[ \t]*(#[^\r\n]*)?(?=\r?\n|$)/.exec(text.slice(from));
  return from + (rest ? rest[0].length : 0);
}

/** Start of the line below an entry of a block list; comments that are indented deeper than its dash belong to it. */
function endOfItem(text: string, valueEnd: number, dash: number): number {
  let end = text[valueEnd - 1] === '\n' ? valueEnd : lineBelow(text, valueEnd);
  for (let at = end; at < text.length; at = lineBelow(text, at)) {
    const line = text.slice(at, lineBelow(text, at));
    if (/^\s*$/.test(line)) continue;
    if (!/^\s*#/.test(line) || line.search(/\S/) <= dash) break;
    end = lineBelow(text, at);
  }
  return end;
}

function lineBelow(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline + 1;
}

/** Whether the file keeps a blank line between machines. */
function blankBetween(text: string, nodes: YAMLSeq): boolean {
  const [before, last] = nodes.items.slice(-2);
  if (last === undefined) return false;
  return /\n[ \t]*\r?\n/.test(text.slice(rangeOf(before)[1] - 1, rangeOf(last)[0]));
}

function blockLines(node: NodeInput, dash: number, gap: number): string[] {
  const lines = documentOf(node).toString({ lineWidth: 0 }).replace(/\n$/, '').split('\n');
  return lines.map((line, i) => `${' '.repeat(dash)}${i === 0 ? '-' : ' '}${' '.repeat(gap)}${line}`);
}

/** The machine in braces, with or without blanks inside as its neighbour has them. */
function flowText(text: string, neighbour: unknown, node: NodeInput): string {
  const padding = !isMap(neighbour) || !/^\{\S/.test(text.slice(rangeOf(neighbour)[0]));
  return documentOf(node)
    .toString({ collectionStyle: 'flow', flowCollectionPadding: padding, lineWidth: 0 })
    .replace(/\n$/, '');
}

/** Quotes what readers of YAML 1.1 would take for something else: yes, 1:30. */
function documentOf(node: NodeInput): Document {
  return new Document(plain(node), { compat: 'yaml-1.1' });
}

/** Without keys that are undefined, which YAML would write as null. */
function plain(node: NodeInput): NodeInput {
  return JSON.parse(JSON.stringify(node)) as NodeInput;
}

function dashColumn(nodes: YAMLSeq): number {
  return (nodes.srcToken as CST.BlockSequence | undefined)?.indent ?? 0;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
  return range ? [range[0], range[1]] : [0, 0];
}
