import { stripVTControlCharacters } from 'node:util';
import type { EngineEvent } from '../engine/events.ts';
import { costLines } from './cost.ts';
import { planLines } from './plan.ts';
import { mapTexts, printable } from './printable.ts';
import { problemLines } from './problem.ts';
import { proofLines } from './proofs.ts';
import { statusLines } from './status.ts';
import { clean, marked, type Style, wrap } from './style.ts';
import { summaryLines } from './summary.ts';
import { count, duration, idParts, withoutPlace } from './words.ts';

type Of<Name extends EngineEvent['event']> = Extract<EngineEvent, { event: Name }>;

/** The lines of the events that look the same on a screen and in a pipe. */
function startLines(event: Of<'start'>, style: Style): string[] {
  const head = `mlk8s ${event.command}: cluster ${event.cluster}, ${count(event.hosts.length, 'machine')}`;
  return [
    ...wrap(`${head}: ${event.hosts.join(', ')}`, '', style),
    ...(event.rehearsal ? marked(style.symbols.warning, 'yellow', event.rehearsal, style) : []),
  ];
}

function planOrStatusLines(event: Of<'plan'>, command: string, style: Style): string[] {
  return ['', ...(command === 'status' ? statusLines(event.items, style) : [...planLines(event.items, style), ''])];
}

function warningLines(event: Of<'warning'>, style: Style): string[] {
  return marked(`${style.symbols.warning} warning`, 'yellow', `${event.where}: ${event.text}`, style);
}

/** One line more between findings: each is read on its own. */
function findingLines({ problem, count }: Of<'finding'>, style: Style): string[] {
  const seen = count > 1 ? `${problem.seen} (seen ${count} times)` : problem.seen;
  return ['', ...problemLines({ ...problem, seen }, style, 'found')];
}

export function lockedText(event: Of<'locked'>): string {
  return `${event.host} is locked by ${event.holder}${event.waiting ? '; waiting for it' : ''}`;
}

export function followText({ host, job }: Of<'follow'>): string {
  return `${host}: an earlier run started job ${job}; following it to its end`;
}

/** A failed change: the four parts, then the last words of the command itself. */
function failedLines(event: Of<'failed'>, style: Style): string[] {
  const tail = event.tail.map((line) => `    ${style.symbols.bar} ${clean(line)}`);
  return [
    ...problemLines(event.problem, style, 'failed', event.id),
    ...(tail.length > 0 ? ['    the command said last:', ...tail] : []),
  ];
}

/** A host drops out. When the problem was just said, it is not said again. */
function droppedLines(event: Of<'dropped'>, wasSaid: boolean, style: Style): string[] {
  if (!wasSaid) return problemLines(event.problem, style, 'dropped', event.host);
  return wrap(`${style.symbols.dropped} dropped ${event.host}: it is left out from here on`, '', style);
}

/** Takes out of lines that come one after the other each empty one that follows an empty one. */
export function singleBlanks(): (lines: readonly string[]) => readonly string[] {
  let last = '';
  return (lines) =>
    lines.filter((line) => {
      const isSecond = line === '' && last === '';
      last = line;
      return !isSecond;
    });
}

/** Tells one run: gives the lines of each event. */
export type Teller = (event: EngineEvent) => string[];

/**
 * An event that can drive no terminal: much of what it says are the words of the machines. A tab would move a line that
 * is written over and over.
 */
export function forScreen(event: EngineEvent): EngineEvent {
  return mapTexts(event, (text) => printable(stripVTControlCharacters(text)).replaceAll('\t', '    '));
}

/** Tells every event in plain lines, one after the other. */
export function teller(style: Style): Teller {
  let command = '';
  let last = '';
  return (unsafe) => {
    const event = forScreen(unsafe);
    if (event.event === 'start') command = event.command;
    if (event.event === 'dropped') return droppedLines(event, JSON.stringify(event.problem) === last, style);
    if ('problem' in event) last = JSON.stringify(event.problem);
    return eventLines(event, command, style);
  };
}

function eventLines(event: Exclude<EngineEvent, Of<'dropped'>>, command: string, style: Style): string[] {
  switch (event.event) {
    case 'start':
      return startLines(event, style);
    case 'phase':
    case 'interrupt':
      return wrap(event.text, '', style);
    case 'plan':
      return planOrStatusLines(event, command, style);
    case 'proofs':
      return ['', ...proofLines(event.proofs, style), ''];
    case 'warning':
      return warningLines(event, style);
    case 'problem':
      return problemLines(event.problem, style);
    case 'cost':
      return costLines(event.report, event.by, style);
    case 'finding':
      return findingLines(event, style);
    case 'locked':
      return wrap(lockedText(event), '', style);
    case 'follow':
      return wrap(followText(event), '', style);
    case 'failed':
      return failedLines(event, style);
    case 'summary':
      return ['', ...summaryLines(event, style)];
    default:
      return changeLines(event, style);
  }
}

/** What happens to one change. */
function changeLines(event: Of<'change' | 'output' | 'applied' | 'settling' | 'ok'>, style: Style): string[] {
  const host = 'host' in event ? event.host : idParts(event.id).place;
  const start = `${host} ${withoutPlace(event.id)}`;
  switch (event.event) {
    case 'change':
      return wrap(event.does, `${start}: `, style);
    case 'output':
      return [`${start} ${style.symbols.bar} ${clean(event.line)}`];
    case 'applied':
      return [`${start}: applied in ${duration(event.seconds)}`];
    case 'settling':
      return wrap(`waiting: ${event.because}`, `${start}: `, style);
    case 'ok':
      return wrap(`ok: ${event.because}`, `${start}: `, style);
  }
}
