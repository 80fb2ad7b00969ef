import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { missing, noteOnce, removeMade } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { gone } from './stays.ts';
import { unfinished } from './write.ts';

/** Lines of ours in a file that belongs to somebody else, between two markers. Every other byte is kept. */
export type FileBlockSpec = Block & { readonly path: string };

/** What stands between two markers. */
export type Block = {
  readonly lines: readonly string[];
  /** A block of its own beside the others in the file; it stands in both markers. */
  readonly name?: string;
};

export function fileBlock({ id, on, needs, ...spec }: Placed & FileBlockSpec): Declared<FileBlockSpec> {
  return { kind: 'file-block', id, on, needs, spec };
}

export const fileBlockKind: Kind<FileBlockSpec> = { kind: 'file-block', asks, judge, undo };

function markers({ name }: Pick<Block, 'name'>): readonly [begin: string, end: string] {
  const whose = name === undefined ? 'mlk8s' : `mlk8s ${name}`;
  return [`# BEGIN ${whose}`, `# END ${whose}`];
}

/** The block as it stands in the file, markers and last line break included. */
export function blockOf(spec: Block): string {
  const [begin, end] = markers(spec);
  return [begin, ...spec.lines, end, ''].join('\n');
}

/** A marker as a line of its own, also in a file with DOS line ends. */
const line = (marker: string) => `^${marker}[[:cntrl:]]*$`;

/**
 * Only what lies between markers travels, because a hosts file can be megabytes of blocked names: the number of ends,
 * then every block, up to the end of the file where the end marker is missing.
 */
export function printBlock(spec: Block, file: Script): Script {
  const [begin, end] = markers(spec).map(line) as [string, string];
  return sh`
    grep -c ${end} -- ${file} || true
    sed -n ${`/${begin}/,/${end}/p`} -- ${file} | head -c 65536
  `;
}

/** What `replaceBlock` will take out of a file of which `printBlock` printed this: lines as they stand there. */
export function takenOut(spec: Block, printed: string): string {
  const [begin, end] = markers(spec);
  const [count, ...rows] = printed.split(/(?<=\n)/);
  const ours = new Set(spec.lines.map((line) => `${line}\n`));
  const taken: string[] = [];
  let open: string[] = [];
  let ends = 0;
  const lose = () => {
    const theirs = open.findIndex((row) => !ours.has(row));
    taken.push(...open.slice(0, theirs < 0 ? open.length : theirs));
    open = [];
  };
  for (const row of rows) {
    const marker = row.replace(/\r?\n?$/, '');
    if (marker === begin) {
      lose();
      taken.push(row);
    } else if (marker === end) {
      taken.push(...open, row);
      open = [];
      ends++;
    } else open.push(row);
  }
  lose();
  // An end without a begin is counted, and not printed.
  return `${end}\n`.repeat(Math.max(0, Number(count ?? 0) - ends)) + taken.join('');
}

function asks(it: Declared<FileBlockSpec>): Ask[] {
  const { path, name } = it.spec;
  const key = name === undefined ? `block in ${path}` : `block ${name} in ${path}`;
  return [{ key, on: it.on, sh: printBlock(it.spec, sh`${path}`), timeoutS: 15 }];
}

function judge(it: Declared<FileBlockSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { path } = it.spec;
    const wanted = blockOf(it.spec);
    if (text === `1\n${wanted}`) return { verdict: 'ok', because: `${path} has the block of mlk8s` };
    const before = takenOut(it.spec, text);
    return {
      verdict: 'change',
      because: before === '' ? `${path} has no block of mlk8s` : `the block of mlk8s in ${path} is not the right one`,
      diff: [{ what: path, before, after: wanted }],
      moves: [{ does: `write the block of mlk8s into ${path}`, on: it.on, run: write(it), deadlineS: 60 }],
    };
  });
}

/**
 * Takes out every block and every lost marker and puts the block where the first one was, else first in the file, behind
 * a line that says what runs it (`#!`): there it precedes what the installer wrote (`127.0.1.1 NAME`), and a last line
 * without an end keeps having none. After a begin without an end, only lines that are ours are taken out: the others may
 * be somebody else's.
 */
const REPLACE: Script = sh`
  my ($begin, $end, $ours, $block) = @ARGV;
  binmode STDIN; binmode STDOUT;
  my %ours = map { ("$_\n" => 1) } split /\n/, $ours;
  my (@out, $at, $start);
  sub lost { splice @out, $start, 1 while defined $start && $start < @out && $ours{$out[$start]} }
  while (my $line = <STDIN>) {
    my $marker = $line =~ s/\r?\n?\z//r;
    if ($marker eq $begin) { lost(); $start = @out; $at //= $start }
    elsif ($marker eq $end) { splice @out, $start if defined $start; undef $start; $at //= @out }
    else { push @out, $line }
  }
  lost();
  $at //= @out && $out[0] =~ /^#!.*\n/ ? 1 : 0;
  splice @out, $at, 0, $block;
  print @out;
`;

export function replaceBlock(spec: Block, block: string, file: Script, draft: Script): Script {
  return sh`
    perl -e ${REPLACE.bash} ${markers(spec)} ${spec.lines.join('\n')} ${block} <${file} >${draft}
    chmod --reference=${file} ${draft}
    sync -- ${draft}
    mv -fT -- ${draft} ${file}
  `;
}

function replace(spec: FileBlockSpec, block: string): Script {
  return replaceBlock(spec, block, sh`${spec.path}`, sh`${unfinished(spec.path)}`);
}

function write({ id, spec }: Declared<FileBlockSpec>): Script {
  const { path } = spec;
  return lines(
    noteOnce(id, missing(path)),
    sh`[ -e ${path} ] || install -m 644 /dev/null ${path}`,
    replace(spec, blockOf(spec)),
  );
}

/** Takes out what stands between the markers; a file that was made for it and is empty then goes too. */
function undo(it: Recorded<FileBlockSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { path } = it.spec;
    const before = takenOut(it.spec, text);
    if (before === '') return gone(`${path} has no block of mlk8s`);
    const run = lines(replace(it.spec, ''), removeMade(it.id));
    return {
      verdict: 'change',
      because: 'it was written by mlk8s',
      diff: [{ what: path, before, after: '' }],
      moves: [{ does: `take the block of mlk8s out of ${path}`, on: it.on, run, deadlineS: 60 }],
    };
  });
}
