import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { type Card, cardsAsk, parseCards } from '../gpu/cards.ts';
import { driversFor, modulesOf, servable } from '../gpu/catalogue.ts';
import { type Driver, driverAsk, driversOn, followingPackages, packagesOf, parseDriver } from '../gpu/driver.ts';
import { smiAsk } from '../gpu/smi.ts';
import { owe } from '../shell/debts.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { type Given, judged, ownHost, refused } from './answers.ts';
import { APT_DEADLINE_S, aptGet, aptUpdate } from './apt.ts';
import type { Placed } from './declare.ts';
import { cardsUnknown } from './gpu-cards.ts';
import { heldBy, type Trouble, troubleOf } from './nvidia-trouble.ts';
import { stays } from './stays.ts';

/** NVIDIA's driver on a machine: installed by mlk8s from Ubuntu's signed packages, by the GPU operator, or by nobody. */
export type NvidiaDriverSpec = { readonly by: 'host' | 'operator' | 'none' };

export function nvidiaDriver({ id, on, needs, ...spec }: Placed & NvidiaDriverSpec): Declared<NvidiaDriverSpec> {
  return { kind: 'nvidia-driver', id, on, needs, spec };
}

export const nvidiaDriverKind: Kind<NvidiaDriverSpec> = {
  kind: 'nvidia-driver',
  asks,
  judge,
  undo: () => stays('packages are never removed: the NVIDIA driver'),
};

function asks(it: Declared<NvidiaDriverSpec>): Ask[] {
  const host = ownHost(it);
  return [cardsAsk(host), driverAsk(host), smiAsk(host)];
}

function judge(it: Declared<NvidiaDriverSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (pci, answer, smi) => {
    const all = parseCards(pci.text);
    if (!all) return cardsUnknown(it.id);
    const cards = servable(all);
    if (cards.length === 0) return { verdict: 'ok', because: `nothing to do: ${noCard(all)}` };
    const driver = parseDriver(answer);
    if (!driver) {
      const why = 'a question about packages or modules broke off';
      return refused(it.id, 'it is not known what there is of an NVIDIA driver', why, 'run the same command again');
    }
    const found: Found = { it, world, cards, driver, smi, trouble: troubleOf(ownHost(it), driver, smi) };
    if (it.spec.by === 'none') return onlyLook(found);
    return it.spec.by === 'operator' ? leftToOperator(found) : onHost(found);
  });
}

function noCard(all: readonly Card[]): string {
  const names = all.flatMap((card) => (card.vendor === 'NVIDIA' ? [card.model] : []));
  return names.length === 0 ? 'no NVIDIA card' : `no NVIDIA card that can be used (${names.join(', ')})`;
}

interface Found {
  readonly it: Declared<NvidiaDriverSpec>;
  readonly world: World;
  readonly cards: readonly Card[];
  readonly driver: Driver;
  readonly smi: Given;
  readonly trouble: Trouble | undefined;
}

function onlyLook({ driver, trouble }: Found): Verdict {
  const what = driver.loaded === undefined ? 'none is loaded' : `${driver.loaded} is loaded`;
  const because = `the driver is left to you: ${what}`;
  return { verdict: 'ok', because, ...(trouble ? { warning: `${trouble.seen}: ${trouble.why}` } : {}) };
}

/** The operator's container loads the module itself, so a loaded one proves nothing; one on the disk is in its way. */
function leftToOperator({ it, world, cards, driver }: Found): Verdict {
  const host = ownHost(it);
  const there = driversOn(driver);
  if (there.length > 0 || driver.module) {
    const what = there.join(', ') || `${driver.module?.version} (${driver.module?.path})`;
    return refused(
      it.id,
      `${host} has an NVIDIA driver of its own: ${what}`,
      "the operator's driver cannot be loaded beside it",
      'write driver: host into the section gpu of the cluster file, and that driver is used',
      `or remove it on ${host}: sudo apt-get purge '*nvidia*', then sudo reboot`,
    );
  }
  if (driver.secureBoot) {
    return refused(
      it.id,
      `Secure Boot is on at ${host}`,
      "the operator's container builds its modules itself, and nobody whom the firmware knows signs them",
      'write driver: host into the section gpu of the cluster file: Ubuntu signs its modules',
      'or switch Secure Boot off in the firmware',
    );
  }
  const old = cards.filter((card) => !driversFor([card]).some((name) => name.startsWith(`${OPERATOR_BRANCH}-`)));
  if (old.length > 0 && !hasVersion(world)) return tooOld(it, old);
  if (driver.rivals.length === 0)
    return { verdict: 'ok', because: 'nothing is in the way of the driver of the operator' };
  return (
    waits(world, host, "the operator's driver") ??
    untilKeptOff(world, host, driver) ??
    inTrouble(it, heldBy(driver.rivals, host))
  );
}

/** Branch of the driver that the chart of the operator names. gpu-and-nodes sheet 1.1. */
const OPERATOR_BRANCH = 595;

/** The user names the version of the operator's driver himself. */
function hasVersion({ file }: World): boolean {
  const { driver } = (file.values['gpu-operator'] ?? {}) as { driver?: { version?: unknown } };
  return driver?.version !== undefined;
}

function tooOld(it: Declared, old: readonly Card[]): Verdict {
  return refused(
    it.id,
    `the operator's driver does not know ${old.map((card) => card.model).join(', ')}`,
    `it is of branch ${OPERATOR_BRANCH}; 580 was the last one for such a card`,
    'write driver: host into the section gpu of the cluster file: Ubuntu has that branch',
    'or name the version (not on Ubuntu 26.04): values: { gpu-operator: { driver: { version: 580.178.04 } } }',
  );
}

/** Whoever has the card now goes with the reboot that the file owes which keeps it off. */
function untilKeptOff(world: World, host: string, { rivals }: Driver): Verdict | undefined {
  const first = `gpu/nouveau@${host}` as const;
  if (rivals.length === 0 || world.record(first)?.state === 'done') return undefined;
  return { verdict: 'later', because: `${rivals.join(' and ')} has the card until it is kept off`, after: first };
}

function onHost(found: Found): Verdict {
  const { it, world, cards, driver, trouble } = found;
  const there = driversOn(driver);
  const wanted = driversFor(cards);
  // Ours are packages of Ubuntu; a module without any came from NVIDIA's installer.
  const isForeign = world.record(it.id)
    ? there.some((name) => !wanted.includes(name)) || (driver.module !== undefined && there.length === 0)
    : there.length > 0 || driver.module !== undefined;
  if (isForeign) return othersDriver(found, there);
  if (wanted.length === 0) return noDriverForAll(it, cards);
  const name = wanted.find((each) => there.includes(each)) ?? wanted.find((each) => isOffered(each, driver));
  if (name === undefined) return notOffered(it, packagesOf(wanted[0] ?? '', driver)[0], driver);
  const missing = packagesOf(name, driver).filter((deb) => !driver.debs.includes(deb));
  if (missing.length > 0) return install(found, name, missing);
  if (!trouble) {
    return { verdict: 'ok', because: `driver ${driver.loaded} (${name}) is loaded, and its programs fit it` };
  }
  const host = ownHost(it);
  const waiting = waits(world, host, `driver ${name}`) ?? (driver.module && untilKeptOff(world, host, driver));
  if (waiting) return waiting;
  return driver.loaded === undefined && driver.rivals.length === 0 ? load(found) : inTrouble(it, trouble);
}

/** What was there before is the user's: it is used if it works, and never replaced. */
function othersDriver({ it, world, driver, trouble }: Found, there: readonly string[]): Verdict {
  const what = there.length > 0 ? there.join(', ') : "not from Ubuntu's packages";
  if (!trouble) {
    return {
      verdict: 'ok',
      because: `driver ${driver.loaded} (${what}), not installed by mlk8s, works and is left alone`,
    };
  }
  const next = [...trouble.next, 'if you do not want that driver: remove it, reboot, run the same command again'];
  const why = `${trouble.why}; the driver (${what}) is not mlk8s' own, so it is left alone`;
  return waits(world, ownHost(it), `the driver that was there (${what})`) ?? inTrouble(it, { ...trouble, why, next });
}

function noDriverForAll(it: Declared, cards: readonly Card[]): Verdict {
  const needing = (modules: string) => cards.filter((card) => modulesOf(card) === modules).map((card) => card.model);
  return refused(
    it.id,
    `no driver serves all cards: ${needing('proprietary').join(', ')} and ${needing('open').join(', ')}`,
    'the older ones need the proprietary modules, the newer ones the open modules, and a machine loads one sort',
    'put them into different machines, or keep one from the driver (vfio-pci)',
    'or write driver: none into the section gpu of the cluster file and install a driver for some of them yourself',
  );
}

/** Without lists nothing is known to be missing. */
function isOffered(name: string, driver: Driver): boolean {
  return driver.offered === undefined || driver.offered.has(packagesOf(name, driver)[0]);
}

function notOffered(it: Declared, deb: string, { kernel, secureBoot }: Driver): Verdict {
  return refused(
    it.id,
    `the archive has no signed NVIDIA modules for the kernel ${kernel} (${deb})`,
    secureBoot
      ? 'Secure Boot is on, so modules that are built on the machine would not be loaded'
      : "the component restricted is off, the package lists are old, or this kernel is none of Ubuntu's own",
    `look: sudo apt-get update; apt-cache policy ${deb}`,
    "boot a kernel of Ubuntu's, for example: sudo apt-get install linux-generic",
    'or install a driver yourself and write driver: none into the section gpu of the cluster file',
  );
}

function install(found: Found, name: string, missing: readonly string[]): Verdict {
  const { it, cards, driver } = found;
  const host = ownHost(it);
  const debs = [...missing, ...followingPackages(name, driver).filter((deb) => !driver.debs.includes(deb))];
  const inUse = [...driver.rivals, ...(driver.loaded && !driver.module ? [`driver ${driver.loaded}`] : [])];
  const models = cards.map((card) => card.model).join(', ');
  const signed = driver.secureBoot ? '; Secure Boot is on, and Ubuntu signed these modules' : '';
  return {
    verdict: 'change',
    because: `not installed for ${models}: ${missing.join(', ')}${signed}`,
    ...(inUse.length > 0 ? { disrupts: `${host} must reboot afterwards: ${inUse.join(', ')} is in use` } : {}),
    moves: [
      {
        does: `install NVIDIA driver ${name}`,
        on: it.on,
        run: lines(
          ...(inUse.length > 0 ? [owe('reboot')] : []),
          aptUpdate,
          // What would have to go is somebody's.
          sh`${aptGet} --no-remove install ${debs}`,
          ...(inUse.length > 0 ? [] : [loadModule]),
        ),
        deadlineS: APT_DEADLINE_S,
      },
    ],
  };
}

const loadModule: Script = sh`modprobe nvidia`;

function load({ it, driver }: Found): Verdict {
  return {
    verdict: 'change',
    because: `driver ${driver.module?.version} is installed, but not loaded`,
    moves: [{ does: 'load the NVIDIA driver', on: it.on, run: loadModule, deadlineS: 120 }],
  };
}

/** Only a reboot that mlk8s owes is one that will come. */
function waits(world: World, host: string, what: string): Verdict | undefined {
  if (!world.debts(host).includes('reboot')) return undefined;
  return { verdict: 'ok', because: `${what} can be used after the reboot that ${host} waits for` };
}

function inTrouble(it: Declared, { seen, why, next }: Trouble): Verdict {
  return refused(it.id, seen, why, ...next);
}
