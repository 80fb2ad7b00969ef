import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';

/** cert-manager has issued these certificates. It makes and renews them by itself. */
export type CertificatesSpec = {
  readonly names: readonly { readonly namespace: string; readonly name: string }[];
};

export function certificates({ id, on, needs, ...spec }: Placed & CertificatesSpec): Declared<CertificatesSpec> {
  return { kind: 'certificates', id, on, needs, spec };
}

export const certificatesKind: Kind<CertificatesSpec> = {
  kind: 'certificates',
  transient: true,
  asks: () => [certificatesAsk],
  judge,
};

/** Seconds until all of them are there: it takes seconds, and minutes after a refusal. */
const ISSUED_S = 600;

const READY = '{.status.conditions[?(@.type=="Ready")]';
const FIELDS = [
  '{.metadata.namespace}',
  '{.metadata.name}',
  `${READY}.status}`,
  '{.status.notAfter}',
  `${READY}.message}`,
];
const ROWS = `jsonpath={range .items[*]}${FIELDS.join('{"\\t"}')}{"\\n"}{end}`;

const certificatesAsk: Ask = {
  key: 'certificates',
  on: 'cluster',
  sh: sh`${kubectl} get certificates.cert-manager.io -A -o ${ROWS} 2>&1`,
  timeoutS: 20,
};

function judge({ spec: { names } }: Declared<CertificatesSpec>, world: World): Verdict {
  const settling = (because: string): Verdict => ({ verdict: 'settling', because, deadlineS: ISSUED_S });
  if (world.identity === undefined) return settling('there is no cluster yet');
  const answer = world.answer('cluster', certificatesAsk.key);
  if (answer.kind !== 'bytes') return settling(`the API on ${world.lead} does not answer`);
  if (answer.status !== 0) {
    const isUnknown = /doesn't have a resource type/.test(answer.text);
    return settling(isUnknown ? 'cert-manager is not there yet' : `the API on ${world.lead} does not answer`);
  }
  const rows = answer.text.split('\n').map((row) => row.split('\t'));
  const found = names.map(({ namespace, name }) => {
    const [, , ready = '', until = '', message = ''] = rows.find(([ns, n]) => ns === namespace && n === name) ?? [];
    return { title: `${namespace}/${name}`, isReady: ready === 'True', until, message };
  });
  const open = found.filter(({ isReady }) => !isReady);
  if (open.length > 0) {
    return settling(
      open.map(({ title, message }) => `${title} is not issued: ${message || 'nobody asked for it yet'}`).join(', '),
    );
  }
  const [first] = found.map(({ until }) => until).sort();
  const shown = found.map(({ title }) => title).join(', ');
  return { verdict: 'ok', because: `${shown}: issued, and good at least until ${first?.slice(0, 10)}` };
}
