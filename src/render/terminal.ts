import type { EngineEvent } from '../engine/events.ts';
import { liveArea, type Screen } from './live.ts';
import type { Renderer } from './renderer.ts';
import { clean, marked, type Style } from './style.ts';
import { followText, forScreen, lockedText, singleBlanks, teller } from './text.ts';
import { duration, idParts, withoutPlace } from './words.ts';

/** Something that is going on: what, since when, and what it said last. */
interface Row {
  readonly what: string;
  readonly since: number;
  readonly last?: string;
}

/** The row of the run as a whole. */
const RUN = '';

/** One line per host and step while it runs, one that stays when it is done. */
export function terminalRenderer(screen: Screen, style: Style, now: () => number = Date.now): Renderer {
  const rows = liveRows(screen, style, now);
  const tell = teller(style);
  const stay = (event: EngineEvent): void => rows.print(tell(event));
  return {
    listener: (event) => follow(forScreen(event), rows, stay),
    pause: () => rows.stop(),
    resume: () => rows.resume(),
    close: () => rows.stop(),
  };
}

function follow(event: EngineEvent, rows: LiveRows, stay: (event: EngineEvent) => void): void {
  switch (event.event) {
    case 'phase':
      rows.drop(RUN);
      rows.set(RUN, event.text);
      break;
    case 'locked':
      if (event.waiting) rows.set(RUN, lockedText(event));
      else stay(event);
      break;
    case 'follow':
      stay(event);
      rows.set(RUN, followText(event));
      break;
    case 'change':
      rows.drop(RUN);
      rows.set(event.id, `${event.host} ${withoutPlace(event.id)}: ${event.does}`);
      break;
    case 'output':
      rows.said(event.id, event.line);
      break;
    case 'applied':
      rows.set(event.id, `${event.host} ${withoutPlace(event.id)}: applied, checking`);
      break;
    case 'settling':
      rows.set(event.id, `${idParts(event.id).place} ${withoutPlace(event.id)}: waiting: ${event.because}`);
      break;
    case 'ok':
      rows.done(event.id, event.because);
      break;
    case 'failed':
      rows.drop(event.id);
      stay(event);
      break;
    case 'dropped':
      rows.dropHost(event.host);
      stay(event);
      break;
    case 'plan':
    case 'proofs':
    case 'summary':
      rows.clear();
      stay(event);
      break;
    default:
      stay(event);
      break;
  }
}

type LiveRows = ReturnType<typeof liveRows>;

/** Rows of what goes on, below all that stays. A row keeps the time of its first word. */
function liveRows(screen: Screen, style: Style, now: () => number) {
  const rows = new Map<string, Row>();
  const live = liveArea(screen, style, () => [...rows.values()].map((row) => rowText(row, now(), style)));
  const single = singleBlanks();
  const print = (lines: readonly string[]): void => live.print(single(lines));
  return {
    print,
    set(key: string, what: string): void {
      rows.set(key, { what, since: rows.get(key)?.since ?? now() });
      live.start();
    },
    said(id: string, line: string): void {
      const row = rows.get(id);
      if (row) rows.set(id, { ...row, last: clean(line).trim() });
    },
    done(id: string, text: string): void {
      const row = rows.get(id);
      rows.delete(id);
      if (row) print(doneLines(id, `${text} (${duration((now() - row.since) / 1000)})`, style));
    },
    drop: (key: string): void => void rows.delete(key),
    dropHost(host: string): void {
      for (const id of rows.keys()) if (idParts(id).place === host) rows.delete(id);
    },
    clear(): void {
      rows.clear();
      live.stop();
    },
    stop: (): void => live.stop(),
    resume(): void {
      if (rows.size > 0) live.start();
    },
  };
}

function rowText(row: Row, now: number, style: Style): string {
  const text = `${row.what} (${duration(Math.floor((now - row.since) / 1000))})`;
  return row.last ? `${text} ${style.symbols.bar} ${row.last}` : text;
}

function doneLines(id: string, text: string, style: Style): string[] {
  const { place } = idParts(id);
  return marked(`${style.symbols.ok} done`, 'green', `${place} ${withoutPlace(id)}: ${text}`, style);
}
