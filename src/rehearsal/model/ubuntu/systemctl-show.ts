import type { CommandContext } from '../command.ts';
import { fail, type Options, table } from './arguments.ts';
import type { UnitState } from './site.ts';
import { findUnit, subState, UNIT_FOLDER, unitFile, unitName, unitNames } from './units.ts';

/** `systemctl show`: a unit that is not there is no error, its LoadState says so. */
export function show(context: CommandContext, options: Options, words: readonly string[]): number {
  const short = options.value('-P');
  const wanted = [...options.all('--property'), short ?? ''].flatMap((p) => p.split(',')).filter((p) => p !== '');
  const blocks = words
    .flatMap((word) => unitNames(context, word))
    .map((name) => {
      const values = properties(context, name, findUnit(context, name));
      const keys = wanted.length > 0 ? wanted.filter((key) => key in values) : Object.keys(values);
      const isBare = options.has('--value') || short !== undefined;
      return keys.map((key) => (isBare ? `${values[key]}\n` : `${key}=${values[key]}\n`)).join('');
    });
  context.out(blocks.join('\n'));
  return 0;
}

function properties(context: CommandContext, name: string, unit: UnitState | undefined): Record<string, string> {
  const isMasked = unit?.enabled === 'masked';
  return {
    Id: name,
    LoadState: unit === undefined ? 'not-found' : isMasked ? 'masked' : 'loaded',
    ActiveState: unit?.active ?? 'inactive',
    SubState: subState(name, unit),
    UnitFileState: unit?.transient ? 'transient' : (unit?.enabled ?? ''),
    Result: unit?.active === 'failed' ? 'exit-code' : 'success',
    ExecMainStatus: String(unit?.exit ?? 0),
    NRestarts: '0',
    FragmentPath: unit === undefined ? '' : fragment(context, name, unit),
    ActiveEnterTimestamp: unit?.since === undefined ? '' : stamp(unit.since),
  };
}

function fragment(context: CommandContext, name: string, unit: UnitState): string {
  if (unit.transient) return `/run/systemd/transient/${name}`;
  const isOwn = unit.enabled === 'masked' || unitFile(context, name) !== undefined || name.startsWith('snap.');
  return `${isOwn ? UNIT_FOLDER : '/usr/lib/systemd/system'}/${name}`;
}

function stamp(ms: number): string {
  const [day = '', time = ''] = new Date(ms).toISOString().split('T');
  const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][new Date(ms).getUTCDay()];
  return `${weekday} ${day} ${time.slice(0, 8)} UTC`;
}

/** `systemctl status`: 0 active, 3 not active, 4 no such unit. */
export function status(context: CommandContext, _: Options, words: readonly string[]): number {
  let code = 0;
  for (const name of words.flatMap((word) => unitNames(context, word))) {
    const unit = findUnit(context, name);
    if (!unit) {
      code = fail(context, `Unit ${name} could not be found.`, 4);
      continue;
    }
    const values = properties(context, name, unit);
    const loaded = `${values.LoadState} (${values.FragmentPath}; ${values.UnitFileState}; preset: enabled)`;
    const since = unit.since === undefined ? '' : ` since ${stamp(unit.since)}`;
    context.out(`${unit.active === 'active' ? '●' : unit.active === 'failed' ? '×' : '○'} ${name}\n`);
    context.out(`     Loaded: ${loaded}\n     Active: ${unit.active} (${values.SubState})${since}\n`);
    if (unit.active !== 'active') code = 3;
  }
  return code;
}

/** `systemctl cat`: only files that are the administrator's have a text in the model. */
export function showFile(context: CommandContext, _: Options, words: readonly string[]): number {
  for (const name of words.map(unitName)) {
    const unit = findUnit(context, name);
    if (!unit) return fail(context, `No files found for ${name}.`);
    context.out(`# ${fragment(context, name, unit)}\n${unitFile(context, name) ?? '[Unit]\n'}`);
    const folder = `${UNIT_FOLDER}/${name}.d`;
    for (const file of context.files.list(folder).toSorted()) {
      context.out(`\n# ${folder}/${file}\n${context.files.read(`${folder}/${file}`) ?? ''}`);
    }
  }
  return 0;
}

export function listUnits(context: CommandContext, options: Options, words: readonly string[]): number {
  const names = words.length > 0 ? words.flatMap((w) => unitNames(context, w)) : Object.keys(context.rig.units);
  const state = options.has('--failed') ? 'failed' : options.value('--state');
  const types = options.value('--type')?.split(',');
  const rows = names.toSorted().flatMap((name) => {
    const unit = context.rig.units[name];
    if (!unit || (types && !types.includes(name.split('.').at(-1) ?? ''))) return [];
    const sub = subState(name, unit);
    if (
      state === undefined ? unit.active === 'inactive' && !options.has('--all') : ![unit.active, sub].includes(state)
    ) {
      return [];
    }
    return [[name, 'loaded', unit.active, sub, name]];
  });
  if (options.has('--no-legend')) context.out(rows.length > 0 ? table(rows, 1) : '');
  else {
    const text = table([['UNIT', 'LOAD', 'ACTIVE', 'SUB', 'DESCRIPTION'], ...rows], 1);
    context.out(`${text.replaceAll(/^/gm, '  ').trimEnd()}\n\n${rows.length} loaded units listed.\n`);
  }
  return 0;
}

export function listUnitFiles(context: CommandContext, options: Options, words: readonly string[]): number {
  const names = words.length > 0 ? words.flatMap((w) => unitNames(context, w)) : Object.keys(context.rig.units);
  const rows = names.toSorted().flatMap((name) => {
    const unit = findUnit(context, name);
    return unit && !unit.transient ? [[name, unit.enabled, 'enabled']] : [];
  });
  const head = options.has('--no-legend') ? [] : [['UNIT FILE', 'STATE', 'PRESET']];
  if (head.length + rows.length > 0) context.out(table([...head, ...rows], 1));
  if (!options.has('--no-legend')) context.out(`\n${rows.length} unit files listed.\n`);
  return rows.length > 0 || words.length === 0 ? 0 : 1;
}
