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
  const rows = new Map<string, Row>();
  const live = liveArea(screen, style, () => [...rows.values()].map((row) => rowText(row, now(), style)));
  const tell = teller(style);
  const single = singleBlanks();

  const set = (key: string, what: string): void => {
    rows.set(key, { what, since: rows.get(key)?.since ?? now() });
    live.start();
  };
  const print = (lines: readonly string[]): void => live.print(single(lines));
  const stay = (event: EngineEvent): void => print(tell(event));
  const done = (id: string, text: string): void => {
    const row = rows.get(id);
    rows.delete(id);
    if (row) print(doneLines(id, `${text} (${duration((now() - row.since) / 1000)})`, style));
  };
  const listener = (unsafe: EngineEvent): void => {
    const event = forScreen(unsafe);
    switch (event.event) {
      case 'phase':
        rows.delete(RUN);
        set(RUN, event.text);
        break;
      case 'locked':
        if (event.waiting) set(RUN, lockedText(event));
        else stay(event);
        break;
      case 'follow':
        stay(event);
        set(RUN, followText(event));
        break;
      case 'change':
        rows.delete(RUN);
        set(event.id, `${event.host} ${withoutPlace(event.id)}: ${event.does}`);
        break;
      case 'output':
        said(event.id, event.line);
        break;
      case 'applied':
        set(event.id, `${event.host} ${withoutPlace(event.id)}: applied, checking`);
        break;
      case 'settling':
        set(event.id, `${idParts(event.id).place} ${withoutPlace(event.id)}: waiting: ${event.because}`);
        break;
      case 'ok':
        done(event.id, event.because);
        break;
      case 'failed':
        rows.delete(event.id);
        stay(event);
        break;
      case 'dropped':
        for (const id of rows.keys()) if (idParts(id).place === event.host) rows.delete(id);
        stay(event);
        break;
      case 'plan':
      case 'proofs':
      case 'summary':
        rows.clear();
        live.stop();
        stay(event);
        break;
      default:
        stay(event);
        break;
    }
  };
  function said(id: string, line: string): void {
    const row = rows.get(id);
    if (row) rows.set(id, { ...row, last: clean(line).trim() });
  }
  return {
    listener,
    pause: () => live.stop(),
    resume: () => {
      if (rows.size > 0) live.start();
    },
    close: () => live.stop(),
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
