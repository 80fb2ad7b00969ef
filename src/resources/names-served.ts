import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import { CA_SECRET } from './ca-secret.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';

/**
 * The ingress serves these names, over HTTPS with certificates that the authority of the cluster signed. The lead asks as a
 * browser does, at the machines themselves: so no name server and no MetalLB counts. facts: platform sheet, 5 (4)
 */
export type NamesServedSpec = {
  /** `https://grafana.lab` */
  readonly urls: readonly string[];
  /** Of the machines that the ingress answers on. That one of them is away is no fault of the names. */
  readonly addresses: readonly string[];
};

export function namesServed({ id, on, needs, ...spec }: Placed & NamesServedSpec): Declared<NamesServedSpec> {
  return { kind: 'names-served', id, on, needs, spec };
}

export const namesServedKind: Kind<NamesServedSpec> = {
  kind: 'names-served',
  transient: true,
  asks: (it) => [servedAsk(it)],
  judge,
};

/** Seconds until the pods behind the names run: their images come over the line of a home. */
const SERVED_S = 1500;
/** What curl says when it cannot follow a certificate to the authority. */
const UNTRUSTED = '60';

/** A row for each name: its address, how curl ended, and the status of HTTP or curl's own words. */
function servedAsk({ on, spec: { urls, addresses } }: Declared<NamesServedSpec>): Ask {
  const authority = [CA_SECRET.name, '--ignore-not-found', '-o', 'jsonpath={.data.tls\\.crt}'];
  const script = sh`
    ca=$(mktemp)
    trap 'rm -f "$ca"' EXIT
    ${kubectl} -n ${CA_SECRET.namespace} get secret ${authority} | base64 -d >"$ca"
    look() {
      local said status=0
      said=$(curl -sS -m 10 -o /dev/null -w ${'%{http_code}'} --cacert "$ca" --resolve "$2" "$1/" 2>&1) || status=$?
      printf '%s\t%s\t%s\n' "$1" "$status" "\${said%%$'\n'*}"
    }
    ${lines(...urls.map((url) => lookAt(url, addresses)))}
    wait
  `;
  return { key: 'names that are served', on, sh: script, timeoutS: 30 };
}

/** All at once: one that hangs keeps no other waiting. */
function lookAt(url: string, addresses: readonly string[]): Script {
  const { hostname, protocol } = new URL(url);
  const port = protocol === 'https:' ? 443 : 80;
  return sh`look ${url} ${`${hostname}:${port}:${addresses.join(',')}`} &`;
}

function judge(it: Declared<NamesServedSpec>, world: World): Verdict {
  const { urls } = it.spec;
  const settling = (because: string): Verdict => ({ verdict: 'settling', because, deadlineS: SERVED_S });
  if (world.identity === undefined) return settling('there is no cluster yet');
  return judged(it, world, [servedAsk(it)], ({ text }) => {
    const rows = text.split('\n').map((row) => row.split('\t'));
    const wrong = urls.flatMap((url) => {
      const [, status = '', said = ''] = rows.find(([of]) => of === url) ?? [];
      const trouble = troubleOf(status, said);
      return trouble === undefined ? [] : [`${url}: ${trouble}`];
    });
    if (wrong.length > 0) return settling(wrong.join('; '));
    const signed = urls.some((url) => url.startsWith('https:')) ? ', signed by the authority of the cluster' : '';
    return { verdict: 'ok', because: `${urls.join(', ')}: served${signed}` };
  });
}

/** Whatever a program answers to a stranger, also that he shall log in, shows that the way to it is open. */
function troubleOf(status: string, said: string): string | undefined {
  if (status === UNTRUSTED) return 'its certificate is not signed by the authority of the cluster';
  if (status !== '0') return said === '' ? 'it was not asked' : said;
  if (said === '404') return 'the ingress does not know the name, or nobody is behind it (404)';
  return Number(said) >= 500 ? `nobody answers behind the name (${said})` : undefined;
}
