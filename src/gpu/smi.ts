import type { Ask } from '../engine/types.ts';
import type { Given } from '../resources/answers.ts';
import { sh } from '../shell/script.ts';

const FIELDS = 'pci.bus_id,memory.total,driver_version,temperature.gpu';

/** What nvidia-smi says of each card, or why it cannot: its errors stand on standard output. */
export function smiAsk(host: string): Ask {
  const script = sh`nvidia-smi ${`--query-gpu=${FIELDS}`} --format=csv,noheader,nounits`;
  return { key: 'nvidia-smi', on: { host }, sh: script, timeoutS: 30 };
}

/** One card as nvidia-smi shows it. */
export interface SmiCard {
  /** As Card.slot. */
  readonly slot: string;
  /** MiB; NaN where it has no own memory. */
  readonly memory: number;
  readonly driver: string;
  /** °C; NaN where the card does not say. */
  readonly temperature: number;
}

/** The cards that `smiAsk` answered; none when nvidia-smi failed. */
export function smiCards({ text, status }: Given): SmiCard[] {
  if (status !== 0) return [];
  return text.split('\n').flatMap((row) => {
    const [bus = '', memory, driver = '', temperature] = row.split(', ');
    // It writes eight digits of the domain, the kernel four.
    const slot = bus.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '');
    return driver === '' ? [] : [{ slot, memory: Number(memory), driver, temperature: Number(temperature) }];
  });
}
