import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { cardsAsk, parseCards } from '../gpu/cards.ts';
import { servable } from '../gpu/catalogue.ts';
import { driverAsk, parseDriver } from '../gpu/driver.ts';
import { owe } from '../shell/debts.ts';
import { lines } from '../shell/script.ts';
import { judged, ownHost } from './answers.ts';
import type { Placed } from './declare.ts';
import { type FileSpec, fileKind } from './file.ts';
import { cardsUnknown } from './gpu-cards.ts';

/** A file of root's that only machines get whose NVIDIA cards can be used. */
export type NvidiaFileSpec = FileSpec & {
  /** It keeps modules from being loaded: one that is loaded already goes with a reboot. */
  readonly keepsOff?: readonly string[];
  /** The driver comes in a container, so none is on the disk: else nothing is kept off before that can take its place. */
  readonly driverless?: boolean;
};

export function nvidiaFile({ id, on, needs, ...spec }: Placed & NvidiaFileSpec): Declared<NvidiaFileSpec> {
  return { kind: 'nvidia-file', id, on, needs, spec };
}

export const nvidiaFileKind: Kind<NvidiaFileSpec> = {
  kind: 'nvidia-file',
  asks,
  judge,
  undo: (it: Recorded<NvidiaFileSpec>, world) => patient(fileKind.undo(it, world)),
  undoAsks: (it) => fileKind.undoAsks(it),
  givesBack: true,
};

/** Seconds: a new initramfs takes its time on a small machine. */
const INITRAMFS_S = 900;

function asks(it: Declared<NvidiaFileSpec>): Ask[] {
  const host = ownHost(it);
  return [cardsAsk(host), driverAsk(host), ...fileKind.asks(it)];
}

function judge(it: Declared<NvidiaFileSpec>, world: World): Verdict {
  const host = ownHost(it);
  return judged(it, world, [cardsAsk(host), driverAsk(host)], (pci, answer) => {
    const cards = parseCards(pci.text);
    const driver = parseDriver(answer);
    if (!cards) return cardsUnknown(it.id);
    if (servable(cards).length === 0) return { verdict: 'ok', because: `${host} has no NVIDIA card to be used` };
    const isLoaded = it.spec.keepsOff?.some((name) => driver?.rivals.includes(name));
    const spec = isLoaded ? { ...it.spec, owes: 'reboot' } : it.spec;
    const verdict = fileKind.judge({ ...it, spec }, world);
    const hasDriver = it.spec.driverless || driver?.module !== undefined || driver?.loaded !== undefined;
    if (verdict.verdict === 'change' && spec.keepsOff && !hasDriver) return untilDriver(host);
    const isCutOff = verdict.verdict === 'ok' && world.record(it.id)?.state === 'pending';
    return isCutOff && spec.afterwards ? finish({ ...it, spec }, spec.afterwards) : patient(verdict);
  });
}

/** Whoever starts the machine anew in between, or never gets the driver, keeps a screen. */
function untilDriver(host: string): Verdict {
  const because = "the card is left to the driver that it has until NVIDIA's is installed";
  return { verdict: 'later', because, after: `gpu/driver@${host}` };
}

/** A reboot pays a debt of the kind file, but it builds no initramfs: who was cut off by one is still to do it. */
function finish(it: Declared<NvidiaFileSpec>, { does, run }: NonNullable<FileSpec['afterwards']>): Verdict {
  return {
    verdict: 'change',
    because: `${it.spec.path} was written, but an interruption left out: ${does}`,
    moves: [{ does, on: it.on, run: lines(...(it.spec.owes ? [owe(it.spec.owes)] : []), run), deadlineS: INITRAMFS_S }],
  };
}

function patient(verdict: Verdict): Verdict {
  if (verdict.verdict !== 'change') return verdict;
  const moves = verdict.moves.map((move) => ('run' in move ? { ...move, deadlineS: INITRAMFS_S } : move));
  return { ...verdict, moves };
}
