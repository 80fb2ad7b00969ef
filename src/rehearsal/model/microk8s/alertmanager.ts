import type { MachineSite } from '../command.ts';
import type { WebAnswer, WebHandler } from '../contract.ts';
import type { ClusterState } from '../state.ts';
import { releases } from './helm/releases.ts';
import { isJson, type Json } from './merge.ts';
import { membersOf } from './site.ts';
import type { View } from './view.ts';

/** As our values set it; the model reads no time that a person gave. */
const GROUP_WAIT_MS = 30_000;
const RELEASE = 'kube-prom-stack';

/** What a way that a fault breaks says, as Alertmanager logs it. Words of the services (sheet 7, 16). */
const ERRORS = {
  email: 'establish connection to server: dial tcp: lookup smtp.example.org: no such host',
  telegram: 'telegram: Bad Request: chat not found (400)',
  ntfy: 'unexpected status code 403: https://ntfy.example/secret-topic',
  webhook: 'unexpected status code 403: https://hook.example/secret-path',
};

/** What the fault `alertfails` may name. */
export const ALERT_WAYS: readonly string[] = Object.keys(ERRORS);

/**
 * The part of Alertmanager that a test alert needs: its API for alerts, and its counters (sheet 2.2). Every alert is told
 * once to all integrations of the receiver that the release's values name. Fault `alertfails[:way]`.
 */
export function alertmanager(site: MachineSite, cluster: ClusterState, view: View): WebHandler {
  return ({ method, path, body }) => {
    const [route = ''] = path.split('?');
    if (method === 'POST' && route === '/api/v2/alerts') return post(site, cluster, body);
    if (method === 'GET' && route === '/api/v2/alerts') return json(listed(cluster, view));
    if (method === 'POST' && route === '/api/v2/silences') return silence(site, cluster, body);
    if (method === 'GET' && route === '/metrics') return text(metrics(site, cluster, view));
    return { status: 404, type: 'text/plain', body: '404 page not found\n' };
  };
}

const text = (body: string): WebAnswer => ({ status: 200, type: 'text/plain; version=0.0.4', body });
const json = (value: unknown): WebAnswer => ({ status: 200, type: 'application/json', body: JSON.stringify(value) });

function post(site: MachineSite, cluster: ClusterState, body: string): WebAnswer {
  const names = namesIn(body);
  if (!names)
    return {
      status: 400,
      type: 'application/json',
      body: '{"code":602,"message":"alerts in body must be of type array"}',
    };
  cluster.alerts = [...(cluster.alerts ?? []), ...names.map((name) => ({ name, at: site.now() }))];
  site.changed();
  return { status: 200, type: 'application/json', body: '' };
}

/** Undefined: it is no list of alerts with names. */
function namesIn(body: string): string[] | undefined {
  try {
    const alerts: unknown = JSON.parse(body);
    if (!Array.isArray(alerts)) return undefined;
    const names = alerts.map((it) => (isJson(it) && isJson(it.labels) ? it.labels.alertname : undefined));
    return names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}

/** A silence of a name, or of all that a pattern fits; it does not end. */
function silence(site: MachineSite, cluster: ClusterState, body: string): WebAnswer {
  const { matchers } = JSON.parse(body) as { matchers: { name: string; value: string }[] };
  const names = matchers.filter(({ name }) => name === 'alertname').map(({ value }) => value);
  cluster.silences = [...(cluster.silences ?? []), ...names];
  site.changed();
  return json({ silenceID: `simulated-${cluster.silences.length}` });
}

const silencesOf = (cluster: ClusterState, name: string): string[] =>
  (cluster.silences ?? []).filter((pattern) => new RegExp(`^(?:${pattern})$`).test(name));

/** All alerts, as its API lists them; the filter of the question is not looked at. */
function listed(cluster: ClusterState, view: View): Json[] {
  const { name: receiver } = receiverOf(view);
  return (cluster.alerts ?? []).map(({ name }) => {
    const silencedBy = silencesOf(cluster, name);
    const status = { state: silencedBy.length > 0 ? 'suppressed' : 'active', silencedBy, inhibitedBy: [], mutedBy: [] };
    return { labels: { alertname: name }, receivers: [{ name: receiver ?? 'null' }], status };
  });
}

/** Alerts that people were told of by now. */
function told(site: MachineSite, cluster: ClusterState): { readonly name: string; readonly at: number }[] {
  const isTold = ({ name, at }: { name: string; at: number }) =>
    at + GROUP_WAIT_MS <= site.now() && silencesOf(cluster, name).length === 0;
  return (cluster.alerts ?? []).filter(isTold);
}

/** The receiver that alerts are routed to. */
function receiverOf(view: View): Json {
  const release = releases(view.store).findLast((it) => it.name === RELEASE);
  const config = isJson(release?.config.alertmanager) ? release.config.alertmanager.config : undefined;
  if (!isJson(config) || !isJson(config.route) || !Array.isArray(config.receivers)) return {};
  const { receiver } = config.route;
  return (config.receivers as Json[]).find(({ name }) => name === receiver) ?? {};
}

/** What Alertmanager calls an entry of the receiver, `webhook[0]`, and what a cluster file does. */
interface Integration {
  readonly name: string;
  readonly kind: string;
  readonly way: keyof typeof ERRORS;
}

function integrations(view: View): Integration[] {
  return Object.entries(receiverOf(view)).flatMap(([key, list]) => {
    const kind = key.replace(/_configs$/, '');
    if (!Array.isArray(list)) return [];
    return (list as Json[]).map((entry, index) => ({ name: `${kind}[${index}]`, kind, way: wayOf(kind, entry) }));
  });
}

/** The address of a topic of ntfy is no secret; that of a webhook is in a file. */
function wayOf(kind: string, { url }: Json): Integration['way'] {
  if (kind === 'email' || kind === 'telegram') return kind;
  return url === undefined ? 'webhook' : 'ntfy';
}

function fails(site: MachineSite, { way }: Integration): boolean {
  const faults = membersOf(site.world, site.rig.microk8s?.cluster ?? '').flatMap((rig) => rig.faults);
  return faults.includes(`alertfails:${way}`) || faults.includes('alertfails');
}

function metrics(site: MachineSite, cluster: ClusterState, view: View): string {
  const count = told(site, cluster).length;
  const all = integrations(view);
  const lines = ['email', 'telegram', 'webhook'].flatMap((kind) => {
    const own = all.filter((it) => it.kind === kind);
    const attempts = count * own.length;
    const failed = count * own.filter((it) => fails(site, it)).length;
    const label = `integration="${kind}"`;
    return [
      `alertmanager_notifications_total{${label}} ${attempts}`,
      `alertmanager_notifications_failed_total{${label},reason="clientError"} ${failed}`,
      `alertmanager_notifications_failed_total{${label},reason="other"} 0`,
      `alertmanager_notification_requests_total{${label}} ${attempts}`,
      `alertmanager_notification_requests_failed_total{${label}} ${failed}`,
    ];
  });
  return `${lines.join('\n')}\n`;
}

/** What it logs of alerts that could not be told. */
export function alertmanagerLog(site: MachineSite, cluster: ClusterState, view: View): string {
  const failing = integrations(view).filter((it) => fails(site, it));
  return told(site, cluster)
    .flatMap(({ name, at }) =>
      failing.map(
        (it) =>
          `time=${new Date(at + GROUP_WAIT_MS).toISOString()} level=ERROR source=dispatch.go:360 msg="Notify for alerts failed" component=dispatcher num_alerts=1 aggrGroup="{}:{alertname=\\"${name}\\"}" err="people/${it.name}: notify retry canceled due to unrecoverable error after 1 attempts: ${ERRORS[it.way]}"\n`,
      ),
    )
    .join('');
}
