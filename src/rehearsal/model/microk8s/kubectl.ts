import type { CommandContext } from '../command.ts';
import { alertmanagerLog } from './alertmanager.ts';
import { kubeconfig } from './args.ts';
import { barePodLog } from './bare-pods.ts';
import { ApiError, NoMatchError, notFound } from './errors.ts';
import { isSet, last, parseArgs, UsageError } from './kubectl/args.ts';
import { Client, Refused } from './kubectl/client.ts';
import { create } from './kubectl/create.ts';
import { get, serverVersion } from './kubectl/get.ts';
import { kustomize } from './kubectl/kustomize.ts';
import { cordon, mark, taint } from './kubectl/mark.ts';
import { rollout, scale, wait } from './kubectl/wait.ts';
import { apply, patch, remove } from './kubectl/write.ts';
import { guarded, PLEASE } from './preamble.ts';
import { SD } from './site.ts';

const REFUSED = 'The connection to the server 127.0.0.1:16443 was refused - did you specify the right host or port?\n';

const VERBS: Record<string, (client: Client) => Promise<number> | number> = {
  get,
  describe: get,
  apply,
  create,
  patch,
  delete: remove,
  label: (client) => mark(client, 'labels'),
  annotate: (client) => mark(client, 'annotations'),
  taint,
  cordon: (client) => cordon(client, 'cordon'),
  uncordon: (client) => cordon(client, 'uncordon'),
  drain: (client) => cordon(client, 'drain'),
  wait,
  rollout,
  scale,
  version,
  'cluster-info': clusterInfo,
  config,
  logs,
  exec,
  kustomize,
};

/** `microk8s kubectl` (sheet 2.5): the real client's words and exit codes; on a worker a sentence and 0. */
export const kubectl = guarded(
  { worker: { code: 0, advice: PLEASE }, stopped: { code: 1, stream: 'err' } },
  async (context: CommandContext) => {
    try {
      const args = parseArgs(context.args);
      const verb = VERBS[args.verb];
      if (!verb) throw new UsageError(`error: unknown command "${args.verb}" for "kubectl"`);
      return await verb(new Client(context, args));
    } catch (error) {
      const text = message(error);
      if (text === undefined) throw error;
      context.err(text);
      return 1;
    }
  },
);

function message(error: unknown): string | undefined {
  if (error instanceof Refused) return REFUSED;
  if (error instanceof UsageError) return `${error.message}\n`;
  if (error instanceof NoMatchError) return `error: ${error.message}\n`;
  if (error instanceof ApiError) return `Error from server (${error.reason}): ${error.message}\n`;
  return undefined;
}

function version(client: Client): number {
  const server = serverVersion(client);
  const text = (side: string) => `${side} Version: ${server.gitVersion}\n`;
  if (last(client.args, 'output') === 'json') {
    const both = isSet(client.args, 'client') ? {} : { serverVersion: server };
    if (!isSet(client.args, 'client')) client.api();
    client.out(`${JSON.stringify({ clientVersion: server, kustomizeVersion: 'v5.7.1', ...both }, null, 2)}\n`);
    return 0;
  }
  client.out(`${text('Client')}Kustomize Version: v5.7.1\n`);
  if (isSet(client.args, 'client')) return 0;
  client.api();
  client.out(text('Server'));
  return 0;
}

function clusterInfo(client: Client): number {
  client.api();
  client.out('Kubernetes control plane is running at https://127.0.0.1:16443\n\n');
  client.out("To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
  return 0;
}

function config(client: Client): number {
  const [verb] = client.args.words;
  if (verb === 'current-context') client.out('microk8s\n');
  else if (verb !== 'view') throw new UsageError(`error: unknown command "config ${verb}"`);
  else {
    const text = kubeconfig('https://127.0.0.1:16443', client.context.files.read(`${SD}/certs/ca.crt`) ?? '');
    client.out(text.replaceAll(/-data: .*/g, '-data: DATA+OMITTED'));
  }
  return 0;
}

/** Containers do not run in the model: their logs are one line that says which pod it is, see also bare-pods.ts. */
function logs(client: Client): number {
  const word = client.args.words[0] ?? '';
  const view = client.api();
  if (/^alertmanager-.*-0$/.test(word)) {
    client.out(alertmanagerLog(client.context, view.store.cluster, view));
    return 0;
  }
  const pod = podOf(client, word);
  const bare = view.store.find(view.store.kind('pods'), client.namespace, pod);
  client.out(bare ? barePodLog(view, bare) : `simulated log of ${pod}\n`);
  return 0;
}

function exec(client: Client): number {
  const pod = podOf(client, client.args.words[0] ?? '');
  client.context.err(`error: simulated pod ${pod} runs no program\n`);
  return 1;
}

/** A pod by its name, or the first of `kind/name`. */
function podOf(client: Client, word: string): string {
  const view = client.api();
  const pods = view.list(view.store.kind('pods'), client.namespace);
  const [type = '', owner] = word.includes('/') ? word.split('/') : ['pods', word];
  if (view.store.kind(type).kind === 'Pod')
    return view.get(view.store.kind('pods'), client.namespace, owner ?? '').metadata.name;
  const kind = view.store.kind(type);
  const object = view.get(kind, client.namespace, owner ?? '');
  const pod = pods.find((p) => JSON.stringify(p.metadata.ownerReferences ?? '').includes(object.metadata.uid));
  if (!pod) throw notFound(view.store.kind('pods'), word);
  return pod.metadata.name;
}
