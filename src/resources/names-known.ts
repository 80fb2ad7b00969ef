import { isWithin } from '../config/addresses.ts';
import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';

/**
 * The user's own machine finds services by their names. mlk8s has no root there: what is missing, it only says, as a line
 * to type. A name server in the router is as good.
 */
export type NamesKnownSpec = {
  readonly names: readonly string[];
  /** Where they should lead. */
  readonly address: string;
  /** Addresses of all machines that answer for them. */
  readonly machines: readonly string[];
  /** Addresses that MetalLB gives out: one of them is that of the ingress. */
  readonly range?: { readonly from: string; readonly to: string };
};

export function namesKnown({ id, on, needs, ...spec }: Placed & NamesKnownSpec): Declared<NamesKnownSpec> {
  return { kind: 'names-known', id, on, needs, spec };
}

export const namesKnownKind: Kind<NamesKnownSpec> = {
  kind: 'names-known',
  transient: true,
  aside: true,
  asks: (it) => [namesAsk(it)],
  judge,
};

/** All at once: a name server that is away keeps each of them waiting. Where there is no getent, the file alone counts. */
function namesAsk({ on, spec: { names } }: Declared<NamesKnownSpec>): Ask {
  const script = sh`
    look() {
      if command -v getent >/dev/null; then getent ahostsv4 "$1"
      else awk -v name="$1" ${'!/^#/ { for (i = 2; i <= NF; i++) if ($i == name) print $1 }'} /etc/hosts
      fi
    }
    for name in ${names}; do
      (echo "$name $(look "$name" | head -n 1 | cut -d ' ' -f 1)") &
    done
    wait
  `;
  return { key: 'names of services', on, sh: script, timeoutS: 20 };
}

function judge(it: Declared<NamesKnownSpec>, world: World): Verdict {
  const { names, address, machines, range } = it.spec;
  return judged(it, world, [namesAsk(it)], ({ text }) => {
    const because = `${names.join(', ')}: asked for on this machine`;
    const found = new Map(text.split('\n').map((row) => [row.split(' ')[0], row.trim().split(' ')[1] ?? ''] as const));
    const at = (name: string) => found.get(name) ?? '';
    const isRight = (name: string) => machines.includes(at(name)) || (range !== undefined && isWithin(at(name), range));
    const unknown = names.filter((name) => at(name) === '');
    const astray = names.filter((name) => at(name) !== '' && !isRight(name));
    if (unknown.length + astray.length === 0)
      return { verdict: 'ok', because: `${names.join(', ')} lead to the cluster` };
    if (astray.length > 0) {
      const shown = astray.map((name) => `${name} leads to ${at(name)}`).join(', ');
      const warning = `on this machine ${shown}, which is no machine of the cluster: correct it in /etc/hosts or in your router`;
      return { verdict: 'ok', because, warning };
    }
    const line = `${address} ${unknown.join(' ')}`;
    const warning = `this machine does not know ${unknown.join(', ')}; type: echo '${line}' | sudo tee -a /etc/hosts`;
    return { verdict: 'ok', because, warning };
  });
}
