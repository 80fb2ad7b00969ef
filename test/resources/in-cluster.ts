import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Ask, Declared, InventoryRecord, Move, Verdict, World } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { kinds } from '../../src/resources/index.ts';
import { Killed, Lab, MemoryFiles } from '../rehearsal/model/microk8s/harness.ts';
import { at, cluster, node, worldOf } from './world.ts';

/** Sends the words and standard input of `microk8s` to the simulated cluster. Perl, because node takes longer to start. */
const SHIM = `#!/usr/bin/perl
use IO::Socket::UNIX;
my $input = (grep { $_ eq '-' || $_ eq '/dev/stdin' } @ARGV) ? do { local $/; <STDIN> } : '';
my $lab = IO::Socket::UNIX->new($ENV{LAB}) or exit 99;
print $lab join("\\0", @ARGV, $input);
shutdown($lab, 1);
my ($code, $size, $rest) = split /\\n/, do { local $/; <$lab> }, 3;
print STDERR substr($rest, $size);
print substr($rest, 0, $size);
exit $code;
`;

/** The clock of the simulated cluster, so that scripts that wait do not wait in real time. */
const SLEEP = `#!/bin/bash\nexec microk8s sleep "$1"\n`;
const DATE = `#!/bin/bash\nnow=$(microk8s date)\nexec /usr/bin/date -d "@$now" "$@"\n`;

/**
 * One simulated control plane; scripts of asks and moves run in a real bash, where `microk8s` speaks to it. What belongs
 * below /var/lib/mlk8s and /run/mlk8s is in a folder of its own.
 */
export class InCluster {
  readonly lab = new Lab();
  readonly dir = mkdtempSync(join(tmpdir(), 'mlk8s-cluster-'));
  readonly records: InventoryRecord[] = [];
  /** Secrets that the user gives, by their references. */
  readonly given = new Map<string, string>();
  /** Every script that ran. */
  readonly ran: string[] = [];
  /** Helm is killed when it has worked for so many seconds. */
  killAfterS: number | undefined;
  #server: Server | undefined;

  async start(): Promise<void> {
    await this.lab.ready('cp1');
    mkdirSync(join(this.dir, 'bin'));
    mkdirSync(join(this.dir, 'jobs'));
    for (const [name, text] of Object.entries({ microk8s: SHIM, sleep: SLEEP, date: DATE })) {
      writeFileSync(join(this.dir, 'bin', name), text);
      chmodSync(join(this.dir, 'bin', name), 0o755);
    }
    // What helm pulls goes to a real folder, and is read from it.
    this.lab.files.cp1 = new RealFiles(this.lab.filesOf('cp1'), this.dir);
    this.#server = createServer({ allowHalfOpen: true }, (caller) => void this.#answer(caller));
    await new Promise<void>((resolve) => this.#server?.listen(join(this.dir, 'lab'), resolve));
  }

  async #answer(caller: Socket): Promise<void> {
    const pieces: Buffer[] = [];
    caller.on('data', (piece: Buffer) => pieces.push(piece));
    await new Promise((resolve) => caller.on('end', resolve));
    const words = Buffer.concat(pieces).toString().split('\0');
    const [args, stdin] = [words.slice(0, -1), words.at(-1) ?? ''];
    if (args[0] === 'sleep') this.lab.pass(Number(args[1]));
    if (args[0] === 'sleep' || args[0] === 'date')
      return void caller.end(`0\n99\n${Math.floor(this.lab.now / 1000)}\n`);
    const killAfterS = args[0] === 'helm3' ? this.killAfterS : undefined;
    const options = { stdin, ...(killAfterS === undefined ? {} : { killAfterS }) };
    const outcome = await this.lab.mk('cp1', args, options).catch((error: unknown) => {
      if (error instanceof Killed) return { code: 137, out: '', err: '' };
      throw error;
    });
    caller.end(`${outcome.code}\n${Buffer.byteLength(outcome.out)}\n${outcome.out}${outcome.err}`);
  }

  /** Lines of bash that run from now on before every `microk8s`, with its words in "$@"; they may answer in its place. */
  intercept(bash: string): void {
    const path = join(this.dir, 'bin', 'microk8s');
    renameSync(path, `${path}-real`);
    writeFileSync(path, `#!/bin/bash\n${bash}\nexec ${path}-real "$@"\n`);
    chmodSync(path, 0o755);
  }

  /** From now on kubectl complains beside every answer, as it does while an aggregated API is away. */
  grumble(): void {
    const words = 'memcache.go:287] "Unhandled Error" err="couldn\'t get resource list for metrics.k8s.io/v1beta1"';
    this.intercept(`cat >&2 <<'END'\nE1121 20:00:00.000000    4242 ${words}\nEND`);
  }

  stop(): void {
    this.#server?.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Standard output of kubectl on the control plane. */
  async kubectl(words: string, stdin = ''): Promise<string> {
    return (await this.lab.mk('cp1', `kubectl ${words}`, { stdin })).out;
  }

  /** Runs a script as a job or an ask does. */
  bash(
    script: string,
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<{ text: string; err: string; status: number }> {
    const folder = mkdtempSync(join(this.dir, 'inputs-'));
    for (const [name, value] of Object.entries(inputs)) writeFileSync(join(folder, name), value);
    const text = script.replaceAll('/var/lib/mlk8s/jobs', join(this.dir, 'jobs'));
    this.ran.push(script);
    const env = {
      ...process.env,
      LAB: join(this.dir, 'lab'),
      INPUTS: folder,
      PATH: `${this.dir}/bin:${process.env.PATH}`,
    };
    const child = spawn('bash', ['--norc', '--noprofile', '-c', text], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const out = { text: '', err: '' };
    child.stdout.on('data', (piece: Buffer) => (out.text += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (out.err += piece.toString()));
    return new Promise((resolve) => child.on('close', (code) => resolve({ ...out, status: code ?? 137 })));
  }

  /** What is known after these questions were asked. */
  async world(asks: readonly Ask[]): Promise<World> {
    const answers = new Map<string, Answer>();
    for (const ask of asks) {
      const { text, status } = await this.bash(ask.sh.bash);
      answers.set(at(ask.on, ask.key), { kind: 'bytes', text, status, cut: false, askedAtS: this.lab.now / 1000 });
    }
    const file = cluster([node('cp1', { role: 'control-plane' })]);
    return { ...worldOf({ file, answers, records: this.records, given: this.given }), lead: 'cp1', identity: 'X' };
  }

  async judge(it: Declared): Promise<Verdict> {
    const kind = kinds[it.kind];
    if (!kind) throw new Error(`no kind ${it.kind}`);
    return kind.judge(it, await this.world(kind.asks(it)));
  }

  async undo(it: Declared): Promise<Verdict> {
    const record = { ...it, origin: this.records.find((r) => r.id === it.id)?.origin ?? 'created', state: 'done' };
    const kind = undoing(kinds)[it.kind];
    if (!kind) throw new Error(`no kind ${it.kind}`);
    return kind.judge(record as Declared, await this.world(kind.asks(record as Declared)));
  }

  /** Runs the moves of a change one after the other; false when one fails. Keeps its record. */
  async apply(it: Declared, verdict: Verdict): Promise<{ ok: boolean; err: string }> {
    if (verdict.verdict !== 'change') throw new Error(`${it.id} is no change: ${JSON.stringify(verdict)}`);
    for (const move of verdict.moves) {
      const { status, err } = await this.bash(`set -euo pipefail\n${scriptOf(move)}`, inputsOf(move));
      if (status !== 0) return { ok: false, err };
    }
    const known = this.records.find((record) => record.id === it.id);
    const origin = known?.origin ?? (verdict.adopts ? 'adopted' : 'created');
    if (known) this.records.splice(this.records.indexOf(known), 1);
    this.records.push({ ...it, origin, state: 'done' });
    return { ok: true, err: '' };
  }
}

const scriptOf = (move: Move): string => ('run' in move ? move.run.bash : 'false');

function inputsOf(move: Move): Record<string, string> {
  const inputs = Object.entries(('inputs' in move ? move.inputs : undefined) ?? {});
  return Object.fromEntries(inputs.map(([name, input]) => [name, 'secret' in input ? input.secret : '']));
}

/** In memory, but for one folder, which is a real one. */
class RealFiles extends MemoryFiles {
  readonly #below: MemoryFiles;
  readonly #folder: string;

  constructor(below: MemoryFiles, folder: string) {
    super();
    this.#below = below;
    this.#folder = `${folder}/`;
  }
  override read(path: string): string | undefined {
    if (!path.startsWith(this.#folder)) return this.#below.read(path);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }
  override write(path: string, content: string): void {
    if (path.startsWith(this.#folder)) writeFileSync(path, content);
    else this.#below.write(path, content);
  }
  override exists(path: string): boolean {
    return path.startsWith(this.#folder) ? existsSync(path) : this.#below.exists(path);
  }
  override remove(path: string): void {
    this.#below.remove(path);
  }
  override list(path: string): string[] {
    return this.#below.list(path);
  }
}
