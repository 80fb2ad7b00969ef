import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { addNodeToText } from '../../src/config/edit.ts';
import { ExitCode, UserError } from '../../src/errors.ts';

const RIG9 = { name: 'rig9', address: '10.0.0.109', role: 'worker' } as const;

describe('a machine is added the way the file is written', () => {
  test.each<[string, string, string]>([
    [
      'indented list',
      'nodes:\n  - name: a\n    address: 10.0.0.1\n',
      'nodes:\n  - name: a\n    address: 10.0.0.1\n  - name: rig9\n    address: 10.0.0.109\n    role: worker\n',
    ],
    [
      'list that is not indented, with keys behind it',
      'nodes:\n- name: a\nname: x\n',
      'nodes:\n- name: a\n- name: rig9\n  address: 10.0.0.109\n  role: worker\nname: x\n',
    ],
    [
      'wide gap behind the dash, CRLF, no line end at the end',
      'nodes:\r\n  -   name: a',
      'nodes:\r\n  -   name: a\r\n  -   name: rig9\r\n      address: 10.0.0.109\r\n      role: worker',
    ],
    [
      'dash on a line of its own',
      'nodes:\n  -\n    name: a\nx: 1\n',
      'nodes:\n  -\n    name: a\n  - name: rig9\n    address: 10.0.0.109\n    role: worker\nx: 1\n',
    ],
    [
      'comments that belong to the last machine, and others that do not',
      'nodes:\n  - name: a # one\n    # labels: {}\n\n    # more\n\n# the rest\nname: x\n',
      'nodes:\n  - name: a # one\n    # labels: {}\n\n    # more\n  - name: rig9\n    address: 10.0.0.109\n    role: worker\n\n# the rest\nname: x\n',
    ],
    [
      'blank lines between machines',
      'nodes:\n  - name: a\n\n  - name: b\n\nname: x\n',
      'nodes:\n  - name: a\n\n  - name: b\n\n  - name: rig9\n    address: 10.0.0.109\n    role: worker\n\nname: x\n',
    ],
    [
      'a text over several lines at the end',
      'nodes:\n  - name: |\n      a\n\n\nname: x\n',
      'nodes:\n  - name: |\n      a\n  - name: rig9\n    address: 10.0.0.109\n    role: worker\n\n\nname: x\n',
    ],
    [
      'machines in braces',
      'nodes:\n  - {name: a}\n',
      'nodes:\n  - {name: a}\n  - {name: rig9, address: 10.0.0.109, role: worker}\n',
    ],
    [
      'machines in braces with blanks',
      'nodes:\n  - { name: a }\n...\n',
      'nodes:\n  - { name: a }\n  - { name: rig9, address: 10.0.0.109, role: worker }\n...\n',
    ],
    [
      'brackets on one line',
      '\uFEFFnodes: [{name: a}] # all\n',
      '\uFEFFnodes: [{name: a}, {name: rig9, address: 10.0.0.109, role: worker}] # all\n',
    ],
    [
      'brackets with a comma at the end',
      'nodes: [{name: a},]\n',
      'nodes: [{name: a}, {name: rig9, address: 10.0.0.109, role: worker},]\n',
    ],
    [
      'brackets over several lines',
      'nodes: [\n  { name: a }, # one\n  { name: b } # two\n  # end\n]\n',
      'nodes: [\n  { name: a }, # one\n  { name: b }, # two\n  { name: rig9, address: 10.0.0.109, role: worker }\n  # end\n]\n',
    ],
    [
      'brackets over several lines with a comma at the end',
      'nodes: [\n  { name: a }, # one\n]\n',
      'nodes: [\n  { name: a }, # one\n  { name: rig9, address: 10.0.0.109, role: worker },\n]\n',
    ],
  ])('%s', (_, before, after) => {
    expect(addNodeToText(before, RIG9)).toBe(after);
  });

  test('all keys, in their order, quoted where YAML would read something else', () => {
    const node = { ...RIG9, labels: { a: 'yes', b: '1' }, taints: [], ssh: { user: 'no', port: 22 }, local: undefined };
    expect(addNodeToText('nodes:\n  - name: a\n', node as never)).toBe(
      'nodes:\n  - name: a\n  - name: rig9\n    address: 10.0.0.109\n    role: worker\n    labels:\n      a: "yes"\n      b: "1"\n    taints: []\n    ssh:\n      user: "no"\n      port: 22\n',
    );
  });
});

test.each([
  ['no machine yet', 'nodes: []\n'],
  ['no list', 'name: x\n'],
  ['a reference', 'a: &n\n  - name: a\nnodes: *n\n'],
  ['no YAML', 'nodes: [\n'],
])('a file that cannot be added to (%s) is left to the user, with the lines to add', (_, text) => {
  const act = () => addNodeToText(text, RIG9);
  expect(act).toThrow(UserError);
  try {
    act();
  } catch (error) {
    expect((error as UserError).exitCode).toBe(ExitCode.invalid);
    expect((error as UserError).problems[0]?.next).toEqual([
      'Add these lines to "nodes" yourself:',
      '- name: rig9',
      '  address: 10.0.0.109',
      '  role: worker',
    ]);
  }
});

/** Cluster files in many layouts, with comments wherever they may stand. */
const layout = fc.record({
  count: fc.integer({ min: 1, max: 4 }),
  indent: fc.integer({ min: 0, max: 4 }),
  gap: fc.integer({ min: 1, max: 3 }),
  style: fc.constantFrom('block', 'braces', 'brackets', 'lines'),
  comma: fc.boolean(),
  blank: fc.constantFrom('', '\n', '\n\n'),
  comment: fc.constantFrom('', ' # here', ' # "quoted", [x]'),
  below: fc.constantFrom('', '# at the margin\n', '      # indented\n', '\n      # after a blank line\n'),
  tail: fc.constantFrom('', 'ssh: { user: lab }\n', '\n# end\nssh:\n  user: lab # me\n', '...\n'),
  quote: fc.constantFrom('', '"', "'"),
  crlf: fc.boolean(),
  bom: fc.boolean(),
  chop: fc.boolean(),
});
type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

function write(l: Layout): string {
  const names = Array.from({ length: l.count }, (_, i) => `${l.quote}rig${i}${l.quote}`);
  const pad = ' '.repeat(l.indent);
  const gap = ' '.repeat(l.gap);
  const item = (name: string) => `{name: ${name}, address: 10.0.0.1}`;
  const commas = (i: number) => (i < l.count - 1 || l.comma ? ',' : '');
  const nodes = {
    block: names
      .map((n) => `${pad}-${gap}name: ${n}${l.comment}\n${pad} ${gap}address: 10.0.0.1\n${l.below}`)
      .join(l.blank),
    braces: names.map((n) => `${pad}-${gap}${item(n)}${l.comment}\n${l.below}`).join(l.blank),
    brackets: ` [${names.map((n, i) => item(n) + commas(i)).join(' ')}]${l.comment}\n`,
    lines: ` [\n${names.map((n, i) => ` ${pad}${item(n)}${commas(i)}${l.comment}\n${l.below}`).join(l.blank)} ]\n`,
  }[l.style];
  const own = l.style === 'block' || l.style === 'braces' ? '\n' : '';
  let text = `# top\nname: lab # name\nnodes:${own}${nodes}${l.tail}`;
  if (l.chop) text = text.replace(/\n$/, '');
  if (l.crlf) text = text.replaceAll('\n', '\r\n');
  return l.bom ? `\uFEFF${text}` : text;
}

test('whatever the layout: only the machine is added, and every old line is still there', () => {
  fc.assert(
    fc.property(layout, (l) => {
      const before = write(l);
      const after = addNodeToText(before, RIG9);
      const old = parse(before) as { nodes: unknown[] };
      expect(parse(after)).toEqual({ ...old, nodes: [...old.nodes, RIG9] });
      expect(after.startsWith('\uFEFF')).toBe(l.bom);
      expect(after.replaceAll('\r\n', '').includes('\n')).toBe(!l.crlf && after.includes('\n'));
      const lines = after.split(/\r?\n/);
      for (const line of before.split(/\r?\n/)) {
        // In brackets the line of the last machine gets a comma, or the machine itself.
        const at = lines.findIndex((x) => x === line || (l.style === 'lines' && x.replace('},', '}') === line));
        if (l.style !== 'brackets' || !line.includes('[{')) expect(at, line).toBeGreaterThanOrEqual(0);
        if (at >= 0) lines.splice(0, at + 1);
      }
      for (const comment of before.match(/#[^\r\n]*/g) ?? []) expect(after).toContain(comment);
    }),
    { numRuns: 1000 },
  );
});
