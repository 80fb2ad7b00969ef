import { setTimeout as wait } from 'node:timers/promises';
import { createTwoFilesPatch } from 'diff';
import type { Disturbed } from './disturb.ts';
import type { Point } from './points.ts';
import type { Dump, World } from './stage.ts';

/** Sessions and locks of a run that has ended are gone within this, and not at once. */
const CLEAN_MS = 30_000;

const BEGIN = '# BEGIN mlk8s';
const END = '# END mlk8s';

/** Prints what a machine has of mlk8s' own, a line each. */
const LOOK = `
echo "blocks $(grep -cx '${BEGIN}' /etc/hosts) $(grep -cx '${END}' /etc/hosts)"
cd /var/lib/mlk8s 2>/dev/null || exit 0
for dir in jobs/*; do [ -d "$dir" ] && echo "job \${dir#*/} $(cat "$dir/exit" 2>/dev/null || echo open)"; done
for file in inventory/*.json; do [ -e "$file" ] && echo "record \${file#*/} $(cat "$file")"; done
for file in debts/*; do [ -e "$file" ] && echo "debt \${file#*/} $(cat "$file")"; done
[ ! -e identity ] || echo "identity $(cat identity)"
true
`;

/** Prints what a run that has ended must not leave, a line each. */
const LEFT = `
for file in lock job.lock; do
  [ ! -e /var/lib/mlk8s/$file ] || flock -n /var/lib/mlk8s/$file true || echo "held /var/lib/mlk8s/$file"
done
for path in /run/mlk8s/* /run/mlk8s-asks.* /tmp/mlk8s* /tmp/tmp.*; do [ ! -e "$path" ] || echo "left $path"; done
self=$$
for dir in /proc/[0-9]*; do
  pid=\${dir#/proc/}
  [ "$pid" = $self ] || [ "$(awk '/^PPid:/ {print $2}' $dir/status 2>/dev/null)" = $self ] && continue
  line=$(tr '\\0' ' ' 2>/dev/null <$dir/cmdline)
  [ -z "$line" ] || echo "process $line"
done
`;

/**
 * A login that waits for its script over a connection that went silent: until TCP gives up, nobody tells it. It holds
 * nothing and has begun nothing.
 */
const WAITING = /^(\/bin\/bash -c )?sh -c '?unset p; IFS= read -r p;|^bash --norc --noprofile -s $/;
const BOOT_ID = /^[0-9a-f-]{36}$/;

/** What must hold whenever somebody looks, however a run ended: nothing that is there is half there. */
export function whileInterrupted(dump: Dump, whole: Dump): string[] {
  return Object.entries(dump.files).flatMap(([machine, files]) =>
    Object.entries(files).flatMap(([path, file]) => {
      const text = body(file);
      const end = whole.files[machine]?.[path];
      const isBad = isBroken(path, text) || (end !== undefined && isBegun(text, body(end)));
      return isBad ? [`${machine}: ${path} is half-written: "${text}"`] : [];
    }),
  );
}

function isBroken(path: string, text: string): boolean {
  if (path === '/etc/hosts') return count(text, BEGIN) !== count(text, END) || count(text, BEGIN) > 1;
  if (path.startsWith('/var/lib/mlk8s/inventory/') && path.endsWith('.json')) return !isRecord(text);
  // An empty debt is none yet: what it stands for comes after it.
  if (path.startsWith('/var/lib/mlk8s/debts/')) return text !== '' && !text.endsWith('\n');
  return path === '/var/lib/mlk8s/identity' && !text.endsWith('\n');
}

function count(text: string, line: string): number {
  return text.split('\n').filter((each) => each === line).length;
}

/** The beginning of what the file will hold, cut anywhere but at the end of a line. */
function isBegun(text: string, end: string): boolean {
  return text !== '' && text !== end && end.startsWith(text) && !text.endsWith('\n');
}

function body(file: string): string {
  return file.slice(file.indexOf('\n') + 1);
}

interface Look {
  readonly blocks: number;
  readonly openJobs: readonly string[];
  readonly wrong: readonly string[];
}

function look(machine: string, text: string): Look {
  const openJobs: string[] = [];
  const wrong: string[] = [];
  let blocks = 0;
  for (const line of text.split('\n')) {
    const [what, name = '', ...words] = line.split(' ');
    const rest = words.join(' ');
    if (what === 'blocks') {
      blocks = Number(name);
      if (rest !== name || blocks > 1)
        wrong.push(`${machine}: ${name} beginnings and ${rest} ends of our block in /etc/hosts`);
    } else if (what === 'job') {
      if (rest === 'open') openJobs.push(`${machine}: job ${name} has no end`);
      else if (!['finished', 'interrupted', ''].includes(rest))
        wrong.push(`${machine}: job ${name} ended as "${rest}"`);
    } else if (what === 'record' && !isRecord(rest)) wrong.push(`${machine}: record ${name} is "${rest}"`);
    else if (what === 'debt' && !BOOT_ID.test(rest)) wrong.push(`${machine}: debt ${name} is "${rest}"`);
    else if (what === 'identity' && !BOOT_ID.test(name)) wrong.push(`${machine}: its identity is "${name}"`);
  }
  return { blocks, openJobs, wrong };
}

function isRecord(text: string): boolean {
  try {
    const record = JSON.parse(text) as { id?: unknown; state?: unknown };
    return typeof record.id === 'string' && (record.state === 'pending' || record.state === 'done');
  } catch {
    return false;
  }
}

/** What must hold after the second `up`. */
export async function afterwards(world: World, point: Point, { machine }: Disturbed, whole: Dump): Promise<string[]> {
  const hasPowerFailed = point.what === 'power' || point.what === 'blackout';
  const dump = await world.dump(point.next);
  const wrong = difference(whole, hasPowerFailed ? withoutPending(dump) : dump);
  for (const name of world.machines) {
    const seen = look(name, await world.exec(name, LOOK));
    wrong.push(...seen.wrong, ...seen.openJobs);
    if (seen.blocks !== 1) wrong.push(`${name}: ${seen.blocks} blocks of ours in /etc/hosts`);
  }
  const happened = await world.happened();
  for (const name of world.machines) {
    const { aptAtOnce = 0, joinsBegun = 0, joinsDone = 0 } = happened[name] ?? {};
    if (aptAtOnce > 1) wrong.push(`${name}: ${aptAtOnce} apt processes ran at a time`);
    const expected = world.joiners.includes(name) ? 1 : 0;
    if (joinsDone !== expected) wrong.push(`${name}: joined ${joinsDone} times instead of ${expected}`);
    // A join dies with the power of its machine, or of the one that it joins; nothing else may cost one.
    const mayTryAgain = hasPowerFailed && (machine === undefined || machine === name || expected === 1);
    if (joinsBegun > expected + (mayTryAgain ? 1 : 0)) wrong.push(`${name}: began to join ${joinsBegun} times`);
  }
  return [...wrong, ...(await left(world, point))];
}

async function left(world: World, point: Point): Promise<string[]> {
  const isSilent = point.what === 'freeze' || point.what === 'vanish';
  for (const end = Date.now() + CLEAN_MS; ; await wait(100)) {
    const texts = await Promise.all(world.machines.map(async (name) => [name, await world.exec(name, LEFT)] as const));
    const found = texts.flatMap(([name, text]) =>
      text.split('\n').flatMap((line) => {
        const [, command] = /^process (.*)$/.exec(line) ?? [];
        if (line === '' || (command !== undefined && world.isOrdinary(command))) return [];
        return isSilent && WAITING.test(command ?? '') ? [] : [`${name}: ${line}`];
      }),
    );
    if (found.length === 0 || Date.now() > end) return found;
  }
}

/** A machine that lost its power behind a change has not noted its end; nothing reads the difference. */
function withoutPending({ files, model }: Dump): Dump {
  const isPending = /(\\?"state\\?":\\?")pending(?=\\?")/g;
  const done = (text: string) => text.replaceAll(isPending, '$1done');
  const allDone = (of: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(of).map(([path, text]) => [path, done(text)]));
  return {
    files: Object.fromEntries(Object.entries(files).map(([machine, of]) => [machine, allDone(of)])),
    model: done(model),
  };
}

function difference(whole: Dump, dump: Dump): string[] {
  const files = new Set([...Object.keys(whole.files), ...Object.keys(dump.files)]);
  const wrong = [...files].flatMap((machine) => {
    const [a, b] = [whole.files[machine] ?? {}, dump.files[machine] ?? {}];
    const paths = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...paths].flatMap((path) => patch(`${machine}:${path}`, a[path], b[path]));
  });
  return [...wrong, ...patch('model', whole.model, dump.model)];
}

function patch(name: string, whole: string | undefined, found: string | undefined): string[] {
  if (whole === found) return [];
  return [createTwoFilesPatch(name, name, whole ?? '', found ?? '', 'undisturbed', 'disturbed', { context: 3 })];
}
