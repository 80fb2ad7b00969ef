import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a lab needs that is made once: the file tree of a fresh machine. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mlk8s-lab');

/** Which lab of this computer: 0 to 9, when several people work on it at a time. Each has its own network. */
const WHICH = Number(process.env.MLK8S_LAB ?? 0) % 10;

/** Everything of the lab that runs; there is one of a number. */
export const STATE = `/var/tmp/mlk8s-lab${WHICH}`;

/** The network of the lab; the computer itself is .1 in it. */
export const BRIDGE = `mlk8s-lab${WHICH}`;
export const NETWORK = `10.213.${70 + WHICH}`;

/** Control groups of the machines, below each hierarchy's root. */
export const CGROUP = `mlk8s-lab${WHICH}`;

/** Who logs in to a machine, and with what where a password is asked for. */
export const USER = 'lab';
export const PASSWORD = 'correct horse: "battery" $taple';

/** How this lab is called on the command line. */
export const NPM = WHICH === 0 ? 'npm run lab' : `MLK8S_LAB=${WHICH} npm run lab`;
