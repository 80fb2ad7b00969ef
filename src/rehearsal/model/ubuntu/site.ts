import type { MachineSite as Site } from '../command.ts';

export type { Site };

export type UnitState = Site['rig']['units'][string];

/** A fault of the form `name` or `name:value` that the machine has; the value is '' where there is none. */
export function fault(site: Pick<Site, 'rig'>, name: string): string | undefined {
  const found = site.rig.faults.find((f) => f === name || f.startsWith(`${name}:`));
  return found?.slice(name.length + 1);
}

/** Takes a fault away: it became a state of the machine. */
export function spend(site: Pick<Site, 'rig' | 'changed'>, name: string): void {
  site.rig.faults = site.rig.faults.filter((f) => f !== name && !f.startsWith(`${name}:`));
  site.changed();
}

/** Hexadecimal digits out of the world's counter: ids that are the same in every equal run. */
export function hexId(site: Pick<Site, 'next'>, digits: number): string {
  let text = '';
  while (text.length < digits) text += ((site.next() * 2_654_435_761) % 0x1_0000_0000).toString(16).padStart(8, '0');
  return text.slice(0, digits);
}
