import { parse } from 'yaml';
import type { KubeObject } from '../state.ts';
import { isJson, type Json } from './merge.ts';
import { isRunning } from './monitoring/prometheus.ts';
import type { PodSpec } from './pods.ts';
import type { View } from './view.ts';

/** What people meet who log in to Kubeflow with a program (sheet ml-platform 1.8, 1.9). No container runs: see bare-pods.ts. */

const GATEWAY = 'istio-ingressgateway.istio-system.svc';

interface Env {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** Why a pod that logs in through the gateway does not get what it wants; undefined: it does, or does not log in. */
export function turnedAway(view: View, pod: KubeObject): string | undefined {
  const { containers = [] } = (pod.spec ?? {}) as PodSpec;
  const values = (containers as Env[]).flatMap(({ env = [] }) => env.map(({ value = '' }) => value));
  const email = values.find((value) => /^[^\s@]+@[^\s@]+$/.test(value));
  if (email === undefined || !values.some((value) => value.includes(GATEWAY))) return undefined;
  const wantsRun = values.some((value) => value.includes('"pipeline_spec"'));
  return noLogin(view, email) ?? noDashboard(view, email) ?? (wantsRun ? noRun(view) : undefined);
}

function noLogin(view: View, email: string): string | undefined {
  const { store } = view;
  if (!find(view, 'gateways.networking.istio.io', 'kubeflow', 'kubeflow-gateway')) return 'the gateway answers 404';
  if (!answers(view, 'oauth2-proxy', 'oauth2-proxy')) return 'the gateway answers 503';
  if (!answers(view, 'auth', 'dex')) return 'there is no form to log in with';
  const config: unknown = parse(String((find(view, 'configmaps', 'auth', 'dex')?.data as Json)?.['config.yaml'] ?? ''));
  const known = isJson(config) && Array.isArray(config.staticPasswords) ? (config.staticPasswords as Json[]) : [];
  const variable = known.find((it) => it.email === email)?.hashFromEnv;
  const hashes = dataOf(store.find(store.kind('secrets'), 'auth', 'dex-passwords'));
  if (!hashes[String(variable)]?.startsWith('$2')) return `Invalid Email Address and password: ${email}`;
  const ours = dataOf(find(view, 'secrets', 'oauth2-proxy', 'oauth2-proxy'))['client-secret'];
  const theirs = dataOf(find(view, 'secrets', 'auth', 'dex-oidc-client')).OIDC_CLIENT_SECRET;
  return ours === theirs ? undefined : 'oauth2-proxy answers 500: invalid client_secret';
}

function noDashboard(view: View, email: string): string | undefined {
  if (!['dashboard', 'centraldashboard'].some((name) => answers(view, 'kubeflow', name)))
    return 'the gateway answers 503';
  const profiles = view.store.list(view.store.kind('profiles.kubeflow.org'));
  const isTheirs = ({ spec }: KubeObject) => isJson(spec) && isJson(spec.owner) && spec.owner.name === email;
  return profiles.some(isTheirs) ? undefined : `the dashboard shows ${email} no namespace`;
}

function noRun(view: View): string | undefined {
  if (!answers(view, 'kubeflow', 'ml-pipeline')) return 'no run can be started';
  const { store } = view;
  const controller = store.find(store.kind('deployments'), 'kubeflow', 'workflow-controller');
  return controller && view.list(store.kind('pods'), 'kubeflow').some((pod) => isOf(pod, controller) && isRunning(pod))
    ? undefined
    : 'the run stays PENDING';
}

const isOf = (pod: KubeObject, { metadata }: KubeObject): boolean =>
  JSON.stringify(pod.metadata.ownerReferences ?? '').includes(metadata.uid);

function answers(view: View, namespace: string, name: string): boolean {
  const service = find(view, 'services', namespace, name);
  return service !== undefined && view.backends(service).some(isRunning);
}

/** Of a type that there may not be. */
function find({ store }: View, type: string, namespace: string, name: string): KubeObject | undefined {
  const [plural, ...group] = type.split('.');
  const kind = store.kinds().find((it) => it.plural === plural && it.group === group.join('.'));
  return kind && store.find(kind, namespace, name);
}

function dataOf(secret: KubeObject | undefined): Record<string, string> {
  const data = isJson(secret?.data) ? secret.data : {};
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()]),
  );
}
