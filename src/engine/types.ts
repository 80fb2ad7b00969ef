import type { Cluster } from '../config/schema.ts';
import type { Problem } from '../errors.ts';
import type { Script } from '../shell/script.ts';

/** Where a resource lives: on one host, in the cluster (asked and run on the lead), or on the user's workstation. */
export type Where = { readonly host: string } | 'cluster' | 'workstation';

/** `step/name@place`, for example `node/hosts@rig4`, `microk8s/rbac@cluster`, `microk8s/kubeconfig@workstation`. */
export type Id = `${string}/${string}@${string}`;

/** What JSON and YAML can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What the inventory stores of a resource: enough to look after it when no step lists it any more. No secrets. */
export interface Declared<Spec = Json> {
  /** Name of the kind in `resources/index.ts`. */
  readonly kind: string;
  readonly id: Id;
  readonly on: Where;
  readonly spec: Spec;
  /**
   * Resources that must be ok first. `…@*` stands for every host still in the run, `…@lead` for the lead;
   * a need that no resource answers to is a bug and throws.
   */
  readonly needs: readonly Id[];
}

/** One read-only question to a host. Equal key and host: asked once, answered to everybody. */
export interface Ask {
  readonly key: string;
  readonly on: Where;
  /** Reads only; runs as root under `timeout`, without standard input. Its output is the answer, whatever its status. */
  readonly sh: Script;
  /** Seconds. */
  readonly timeoutS: number;
}

/** What came back of an ask. Only `bytes` says something of the machine. */
export type Answer =
  /** Standard output as UTF-8 and the exit status; `cut` when there was more than may be kept. */
  | {
      readonly kind: 'bytes';
      readonly text: string;
      readonly status: number;
      readonly cut: boolean;
      /** When it was asked, by the clock of who asks: seconds since the epoch. */
      readonly askedAtS?: number;
    }
  /** Nobody to ask: there is no cluster yet. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable' };

/** One record of the inventory on the machines. `adopted`: something of the user's was there before; never removed. */
export interface InventoryRecord {
  readonly id: Id;
  readonly kind: string;
  readonly on: Where;
  readonly spec: Json;
  readonly origin: 'created' | 'adopted';
  readonly state: 'pending' | 'done';
  /** Name of the cluster whose file asked for it. Older records have none. */
  readonly cluster?: string;
  /** Recorded things that it was built on: they are undone after it. Records that were written before 0.2 have none. */
  readonly needs?: readonly Id[];
}

/** A record as what it asks to undo. `needs` are those that must be undone before it. */
export interface Recorded<Spec = Json> extends Declared<Spec>, Pick<InventoryRecord, 'origin' | 'state'> {}

/** All that is known when a verdict is given. Answers only: nothing in it can be asked for more. */
export interface World {
  readonly file: Cluster;
  /** Hosts of the file that are still in the run. */
  readonly hosts: readonly string[];
  /** The member that cluster questions go to; undefined while there is no cluster. */
  readonly lead: string | undefined;
  /** While there is no cluster: the control plane that will be its first member. */
  readonly founder: string | undefined;
  /** UID of the namespace kube-system of that cluster. */
  readonly identity: string | undefined;
  answer(on: Where, key: string): Answer;
  /** The answer's text, or undefined when there is none (absent, timeout, unreachable). */
  text(on: Where, key: string): string | undefined;
  record(id: Id): InventoryRecord | undefined;
  /** Names of the debts that a host owes, see `shell/debts.ts`. */
  debts(host: string): readonly string[];
  /** The user said `--wipe-node` for that host. */
  mayWipe(host: string): boolean;
  /** The user said `--delete-data` for what this database holds. */
  mayDelete(database: string): boolean;
  /** What the user keeps at `env:NAME` or `file:PATH`; undefined: it is not at hand. */
  given(ref: string): string | undefined;
  /** Machines of the file that mlk8s is to leave as it found them: those of `reset`. */
  readonly leaving: readonly string[];
  /** This run takes away what mlk8s made and the file does not ask for any more. */
  readonly prunes: boolean;
}

/** What a plan shows of a file or a value before and after. Never holds a secret. */
export interface Diff {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** What is true of a resource, and what follows. `because` is for people and names the fact. */
export type Verdict =
  | {
      readonly verdict: 'ok';
      readonly because: string;
      readonly warning?: string;
      /** People want to read it in `status` although all is well. */
      readonly shown?: true;
      /** Of an undo: it is left on purpose, and people should know. */
      readonly stays?: true;
      /** Of an undo of what stays in the cluster: it will never be removed by mlk8s, whatever becomes of the rest. */
      readonly forGood?: true;
    }
  | {
      readonly verdict: 'change';
      /** The fact that causes the change. */
      readonly because: string;
      readonly diff?: readonly Diff[];
      /** What stops working while it happens, for people. */
      readonly disrupts?: string;
      readonly moves: readonly Move[];
      /** No second such change anywhere in the cluster until this one is ok: joins, restarts, reboots. */
      readonly alone?: true;
      /** Starts when all that it needs is seen to be ok, not in the same job with it. */
      readonly settled?: true;
      /** Something of the user's is already there: recorded as adopted and never removed. */
      readonly adopts?: boolean;
      /** Only its record goes: of something that stays, or of which nothing is left. */
      readonly forgets?: 'stays' | 'ok';
    }
  /** Applied, not there yet: asked again until `deadlineS` seconds after it was first seen settling. */
  | { readonly verdict: 'settling'; readonly because: string; readonly deadlineS: number }
  /** Cannot be judged before `after` is ok; only for what cannot be known earlier. */
  | { readonly verdict: 'later'; readonly because: string; readonly after: Id }
  | { readonly verdict: 'refused'; readonly problem: Problem };

/** Secrets travel as files in `$INPUTS`, readable by root only, gone when the job ends. */
export type Input = { readonly secret: string } | { readonly captured: string };

/** One script, or one reboot with its reason, as a step of a change. */
export type Move =
  | {
      /** What it does, as the progress line says it: "install microk8s 1.35/stable". */
      readonly does: string;
      readonly on: Where;
      /** Runs with `set -euo pipefail`, no standard input. `$INPUTS` is the folder of `inputs`. */
      readonly run: Script;
      /** Seconds for the whole move. */
      readonly deadlineS: number;
      readonly inputs?: Readonly<Record<string, Input>>;
      /**
       * Keeps standard output under this name for later moves of the same change, as a secret. Such a move is no
       * durable job: its output never touches a disk.
       */
      readonly capture?: string;
      /** Runs by itself instead of as a durable job: it removes the folder that jobs live in. */
      readonly bare?: true;
    }
  | { readonly does: string; readonly on: { readonly host: string }; readonly reboot: string };

/** How one kind of resource is asked for and judged. Pure: the only state is the declaration and the world. */
interface Asked<Spec> {
  readonly kind: string;
  asks(it: Declared<Spec>): readonly Ask[];
  judge(it: Declared<Spec>, world: World): Verdict;
}

/** How what a kind left behind is taken away again. */
export interface Undoing<Spec = Json> {
  /**
   * ok: nothing of it is left, or it `stays`; change: the moves that undo it; refused: it cannot be undone now. Called
   * for what mlk8s created, and for what it adopted only if it `givesBack`.
   */
  undo(it: Recorded<Spec>, world: World): Verdict;
  /** What `undo` wants to know besides the answers to `asks`. */
  undoAsks?(it: Recorded<Spec>): readonly Ask[];
  /** It keeps what was there before, or touches only what is its own: adopted ones are undone too. */
  readonly givesBack?: true;
  /** Where it lives when that is no host. A record of it that is kept elsewhere is not believed. */
  readonly lives?: 'cluster' | 'workstation';
}

/** A kind is transient when it leaves nothing behind (a debt, a check): it is not written to the inventory. */
export type Kind<Spec = Json> = Asked<Spec> & {
  /** Nothing rests on it: when it fails or is refused, its host stays in the run. */
  readonly aside?: true;
  /** Namespaces that it makes and its undo leaves: something of the user's may be in them. */
  leaves?(it: Declared<Spec>): readonly string[];
} & ({ readonly transient: true } | ({ readonly transient?: undefined } & Undoing<Spec>));

/** What pods of a component ask the scheduler for. CPU in thousandths of a core, memory in MiB, disk in GiB. */
export type Amounts = { readonly cpu?: number; readonly memory?: number; readonly disk?: number };

/** A component and what it asks for: once, and once more for every machine. */
export type Load = Amounts & { readonly name: string; readonly perNode?: Amounts };

/** How a program on the user's machine uses a service. */
export interface Client {
  /** With the password in it, if it has one. */
  readonly url: string;
  /** What one types to talk to it. */
  readonly command: string;
}

/** The Secret that holds what one logs in with. */
export interface Login {
  readonly secret: string;
  readonly user: string;
  readonly passwordKey: string;
  /** Key of the Secret that says the user, too, who is then told. */
  readonly userKey?: string;
  /** Where that Secret is; left out: in the namespace of the service. */
  readonly namespace?: string;
}

/** Something that people open in a browser or connect to. */
export interface Service {
  /** `mlk8s open grafana`, and with the domain of `network:` its name: grafana.lab. */
  readonly name: string;
  readonly namespace: string;
  /** Name of the Kubernetes Service, and its port. */
  readonly service: string;
  readonly port: number;
  /** It is looked at with a browser. */
  readonly web: boolean;
  /** The resource that it is there with, when that is no release and no manifest with its namespace. */
  readonly broughtBy?: Id;
  /** Annotations that its Ingress needs. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly login?: Login;
  /** People who each have a login of their own. */
  readonly users?: readonly Login[];
  /** For `mlk8s connect`, at a port of 127.0.0.1; password and user are empty without `login`. */
  readonly client?: (port: number, password: string, user: string) => Client;
}

/** A step module: a pure function from the cluster file to resources. Facts reach `judge`, never the list. */
export interface Step {
  readonly name: string;
  /** One line for `--help` and the plan. */
  readonly title: string;
  /** As of a kind, of all that it lists: the cluster does not rest on it. */
  readonly aside?: true;
  resources(file: Cluster): readonly Declared[];
  /** What its pods ask for, so that too much is said before anything is installed. */
  asksFor?(file: Cluster): readonly Load[];
  /** What people open or connect to. */
  services?(file: Cluster): readonly Service[];
  /** What is there when all is well, and what to open or type next: a sentence each. */
  notes?(world: World): readonly string[];
}
