import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import * as z from 'zod';
import type { Cluster } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { jsonOf, kubectl } from '../resources/kube.ts';
import { sh } from '../shell/script.ts';
import { type Host, HostError } from '../transport/host.ts';
import { askHttp } from '../transport/http.ts';
import type { Service } from './types.ts';
import { addressAsk, addressOf, type VisitOptions, visit } from './visit.ts';

/** What a test alert is sent with. */
export interface AlertOptions extends VisitOptions {
  readonly severity: 'info' | 'warning' | 'critical';
  /** Hears what is waited for. */
  readonly progress: (text: string) => void;
}

/** How it went with one way to tell people, or two that are counted as one. `open`: Alertmanager did not try it in time. */
export interface Delivery {
  /** `telegram`, or `ntfy and webhook` */
  readonly receiver: string;
  readonly result: 'sent' | 'failed' | 'open';
  /** What Alertmanager said went wrong, or what it says holds the alert back. */
  readonly error?: string;
}

/** Alertmanager waits 30 s for more alerts of the kind, see templates/monitoring/alertmanager.yaml; then it tries. */
const SENT_WITHIN_S = 120;
const POLL_S = 5;
const ANSWER_S = 15;

/** What Alertmanager counts as one: ntfy and webhook are both webhooks to it. */
interface Way {
  readonly kind: 'email' | 'telegram' | 'webhook';
  /** What the cluster file calls them, in the order in which the values list them. */
  readonly names: readonly string[];
}

/** Every way to tell people that the cluster file names. */
export function waysOf({ monitoring }: Cluster): Way[] {
  const { email, telegram, ntfy, webhook } = monitoring?.alerts ?? {};
  const all: Way[] = [
    { kind: 'email', names: email ? ['email'] : [] },
    { kind: 'telegram', names: telegram ? ['telegram'] : [] },
    { kind: 'webhook', names: [...(ntfy ? ['ntfy'] : []), ...(webhook ? ['webhook'] : [])] },
  ];
  return all.filter(({ names }) => names.length > 0);
}

const titleOf = ({ names }: Way): string => names.join(' and ');

/**
 * Sends one alert and follows Alertmanager's own counters until it was sent every way or given up.
 * facts: monitoring-and-cost sheet, 2.2; counters of attempts: notify/notify.go of Alertmanager.
 */
export async function testAlert(options: AlertOptions, service: Service): Promise<Delivery[]> {
  const ways = waysOf(options.file);
  const { world, lead } = await visit(options, [addressAsk(service)]);
  const address = addressOf(world, service);
  const alertmanager = new Alertmanager(lead, () => lead.connect(address, service.port));
  const before = await alertmanager.counters();
  const name = await alertmanager.post(options.severity);
  options.progress(`sent ${name} to Alertmanager; it waits half a minute for more of the kind`);
  const end = lead.clock.now().getTime() + SENT_WITHIN_S * 1000;
  let counts = before;
  let said = '';
  for (;;) {
    await lead.clock.sleep(POLL_S);
    counts = await alertmanager.counters();
    const open = ways.filter((way) => !isOver(way, tally(way.kind, before, counts)));
    if (open.length === 0 || lead.clock.now().getTime() > end) break;
    const waiting = `waiting for ${open.map(titleOf).join(', ')}`;
    if (waiting !== said) options.progress(waiting);
    said = waiting;
  }
  const isSent = (way: Way) => tally(way.kind, before, counts).sent >= way.names.length;
  if (ways.every(isSent)) return ways.map((way) => ({ receiver: titleOf(way), result: 'sent' }));
  const errors = errorsIn(await failures(lead, service), name);
  const held = heldBack(await alertmanager.alerts(name), name);
  return ways.map((way) => deliveryOf(way, tally(way.kind, before, counts), errors, held));
}

/** facts: api/v2/openapi.yaml of Alertmanager, gettableAlert */
const listedAlerts = z.array(
  z.object({
    labels: z.object({ alertname: z.string() }),
    receivers: z.array(z.object({ name: z.string() })),
    status: z.object({ silencedBy: z.array(z.string()), inhibitedBy: z.array(z.string()) }),
  }),
);

/** What keeps an alert from people, by what the API lists; undefined: nothing that it shows. */
export function heldBack(json: string, name: string): string | undefined {
  const alert = jsonOf(json, listedAlerts)?.find(({ labels }) => labels.alertname === name);
  if (!alert) return 'it does not list the alert any more';
  const { silencedBy, inhibitedBy } = alert.status;
  if (silencedBy.length > 0) return 'a silence holds it back';
  if (inhibitedBy.length > 0) return 'another alert that fires holds it back (inhibition)';
  const receivers = alert.receivers.map((it) => it.name);
  return receivers.every((it) => it === 'null') ? 'its configuration in the cluster sends it to nobody' : undefined;
}

/** What Alertmanager counted since the alert: answers that were good, and bad, and what it does not try any more. */
interface Tally {
  readonly sent: number;
  readonly failed: number;
  readonly givenUp: number;
}

type Counters = ReadonlyMap<string, number>;

function tally(kind: string, before: Counters, now: Counters): Tally {
  const grown = (metric: string) => {
    const key = `alertmanager_${metric} ${kind}`;
    return (now.get(key) ?? 0) - (before.get(key) ?? 0);
  };
  const failed = grown('notification_requests_failed_total');
  return {
    sent: grown('notification_requests_total') - failed,
    failed,
    givenUp: grown('notifications_failed_total'),
  };
}

function isOver({ names }: Way, { sent, givenUp }: Tally): boolean {
  return sent + givenUp >= names.length;
}

/** Which of two that are counted as one has failed says only the log. `held`: what holds the alert back. */
export function deliveryOf(way: Way, { sent, failed }: Tally, errors: Errors, held?: string): Delivery {
  const { kind, names } = way;
  const receiver = titleOf(way);
  if (sent >= names.length) return { receiver, result: 'sent' };
  const said = names.flatMap((name, index) => {
    const error = errors.get(`${kind}[${index}]`);
    return error === undefined ? [] : [names.length === 1 ? error : `${name}: ${error}`];
  });
  if (said.length > 0) return { receiver, result: 'failed', error: said.join('; ') };
  if (failed > 0) return { receiver, result: 'failed' };
  const error = held ?? (sent > 0 ? `${sent} of ${names.length} went out` : undefined);
  return { receiver, result: 'open', ...(error === undefined ? {} : { error }) };
}

type Errors = ReadonlyMap<string, string>;

/** The last error of each integration, of lines as Alertmanager logs them. Addresses may hold a token. */
export function errorsIn(log: string, alert: string): Errors {
  const found = new Map<string, string>();
  for (const line of log.split('\n')) {
    const integration = /\b(?:email|telegram|webhook)\[\d+\]/.exec(line)?.[0];
    const error = /\berr="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    const isOther = line.includes('alertname=') && !line.includes(alert);
    if (integration === undefined || error === undefined || isOther) continue;
    const text = error.replaceAll('\\"', '"').replace(/^.*?after \d+ attempts:? /, '');
    found.set(integration, text.replaceAll(/(https?:\/\/)(?:[^/\s"@]*@)?([^/?#\s"]+)[/?#][^\s"]*/g, '$1$2/…'));
  }
  return found;
}

async function failures(lead: Host, { namespace, service }: Service): Promise<string> {
  const pod = `alertmanager-${service}-0`;
  const script = sh`${kubectl} --namespace ${namespace} logs ${pod} --container alertmanager --since=5m --tail=500`;
  const { stdout } = await lead.exec(script.bash, { deadlineS: 30 });
  return stdout.toString('utf8');
}

/** The API and the counters of Alertmanager. */
class Alertmanager {
  readonly #lead: Host;
  readonly #way: () => Promise<Duplex>;

  constructor(lead: Host, way: () => Promise<Duplex>) {
    this.#lead = lead;
    this.#way = way;
  }

  /** Counters by `metric integration`; their other labels are added up. */
  async counters(): Promise<Counters> {
    const text = await this.#ask('GET', '/metrics');
    const all = new Map<string, number>();
    for (const [, metric, labels = '', value] of text.matchAll(/^(alertmanager_notif\w+_total)\{([^}]*)\} (\S+)$/gm)) {
      const key = `${metric} ${/integration="(\w+)"/.exec(labels)?.[1]}`;
      all.set(key, (all.get(key) ?? 0) + Number(value));
    }
    return all;
  }

  /**
   * A name of its own each time: alerts of one name are told together, and not again for hours. Without times: it starts
   * now and ends after five minutes (`resolve_timeout`) by Alertmanager's clock, which may be another than ours.
   */
  async post(severity: string): Promise<string> {
    const alertname = `Mlk8sTest-${randomBytes(3).toString('hex')}`;
    const alert = {
      labels: { alertname, severity },
      annotations: { summary: 'This is a test', description: 'Somebody typed: mlk8s alert test' },
    };
    await this.#ask('POST', '/api/v2/alerts', [alert]);
    return alertname;
  }

  /** The alerts of that name, as JSON. */
  alerts(name: string): Promise<string> {
    return this.#ask('GET', `/api/v2/alerts?filter=${encodeURIComponent(`alertname="${name}"`)}`);
  }

  async #ask(method: 'GET' | 'POST', path: string, json?: unknown): Promise<string> {
    const asked = `${method} ${path}`;
    try {
      const deadline = this.#lead.clock.deadlineMs(ANSWER_S);
      const { status, text } = await askHttp(this.#way, { method, path, ...(json ? { json } : {}) }, deadline);
      if (status === 200) return text;
      throw notAnswered(asked, `status ${status}: ${text.trim().slice(0, 200)}`);
    } catch (error) {
      if (error instanceof HostError || error instanceof UserError) throw error;
      throw notAnswered(asked, error instanceof Error ? error.message : String(error));
    }
  }
}

function notAnswered(asked: string, seen: string): UserError {
  return new UserError({
    where: 'Alertmanager',
    seen: `to ${asked} it answered with ${seen}`,
    why: 'it is starting, or its configuration is broken',
    next: ['mlk8s status says how monitoring stands', 'mlk8s doctor'],
  });
}
