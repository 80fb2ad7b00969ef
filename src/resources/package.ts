import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { quote, type Script, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import { APT_DEADLINE_S, aptGet, aptInstall, aptUpdate } from './apt.ts';
import type { Placed } from './declare.ts';
import { stays } from './stays.ts';

/** Debs that must be installed, in whatever version the archive has. */
export type PackageSpec = {
  /** Names; `{kernel}` in one stands for the release of the running kernel. */
  readonly packages: readonly string[];
  /** Only what the archive of that machine offers: not every kernel flavour has every package. */
  readonly ifOffered?: boolean;
};

export function packages({ id, on, needs, ...spec }: Placed & PackageSpec): Declared<PackageSpec> {
  return { kind: 'package', id, on, needs, spec };
}

export const packageKind: Kind<PackageSpec> = {
  kind: 'package',
  asks,
  judge,
  undo: ({ spec }) => stays(`packages are never removed: ${spec.packages.map(spoken).join(', ')}`),
};

/** Nobody asks for the kernel when packages are left alone. */
const spoken = (name: string): string => name.replace('-{kernel}', ' of the running kernel');

function words(names: readonly string[]): Script {
  const word = (name: string) => name.split('{kernel}').map(quoted).join('"$(uname -r)"');
  return { bash: names.map(word).join(' ') };
}

function quoted(part: string): string {
  return part === '' ? '' : quote(part);
}

function asks(it: Declared<PackageSpec>): Ask[] {
  const { packages, ifOffered } = it.spec;
  const names = words(packages);
  const list = packages.join(' ');
  const state: Ask = {
    key: `debs ${list}`,
    on: it.on,
    sh: sh`
      ${packages.some((name) => name.includes('{kernel}')) ? sh`uname -r` : sh`echo`}
      dpkg-query -W -f '\${Package} \${db:Status-Abbrev}\n' ${names}
    `,
    timeoutS: 20,
  };
  // Only where something is missing: without its cache files, which are more than an ask may write, apt reads all its lists.
  // A cloud image comes without lists: then the archive is not known to lack anything.
  const offered: Ask = {
    key: `offered debs ${list}`,
    on: it.on,
    sh: sh`
      if states=$(dpkg-query -W -f '\${db:Status-Abbrev}\n' ${names}) && ! grep -qv '^[ihu]i' <<<"$states"; then exit; fi
      if [ -d /var/lib/apt/lists ] && ! ls /var/lib/apt/lists | grep -q _Packages; then echo 'no lists'; fi
      apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy ${names}
    `,
    timeoutS: 30,
  };
  return ifOffered ? [state, offered] : [state];
}

function judge(it: Declared<PackageSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (state, offers) => {
    const [kernel = '', ...rows] = state.text.split('\n');
    const wanted = it.spec.packages.map((name) => name.replaceAll('{kernel}', kernel));
    const installed = new Set(rows.filter((row) => /^\S+ [ihu]i\s*$/.test(row)).map((row) => row.split(' ')[0]));
    const missing = wanted.filter((name) => !installed.has(name));
    if (missing.length === 0) return { verdict: 'ok', because: `installed: ${wanted.join(', ')}` };
    if (!offers) return install(it, missing, aptInstall(sh`${missing}`), 'not installed');
    if (offers.text.startsWith('no lists\n')) {
      return install(it, missing, tryInstall(missing), 'not installed, and the machine has no package lists yet');
    }
    const candidates = offeredNames(offers.text);
    const obtainable = missing.filter((name) => candidates.has(name));
    if (obtainable.length > 0) return install(it, obtainable, aptInstall(sh`${obtainable}`), 'not installed');
    return { verdict: 'ok', because: `the archive of this machine has no ${missing.join(', ')}` };
  });
}

function install(it: Declared<PackageSpec>, names: readonly string[], run: Script, why: string): Verdict {
  return {
    verdict: 'change',
    because: `${why}: ${names.join(', ')}`,
    moves: [{ does: `install ${names.join(', ')}`, on: it.on, run, deadlineS: APT_DEADLINE_S }],
  };
}

function tryInstall(names: readonly string[]): Script {
  return sh`
    ${aptUpdate}
    for name in ${names}; do
      if [[ $(apt-cache policy "$name") =~ Candidate:\ [^\(] ]]; then ${aptGet} install "$name"; fi
    done
  `;
}

/** Names that `apt-cache policy` has a candidate for. It says nothing at all of names that it does not know. */
function offeredNames(policy: string): Set<string> {
  const names = new Set<string>();
  let name = '';
  for (const line of policy.split('\n')) {
    const head = /^(\S+):$/.exec(line)?.[1];
    if (head) name = head;
    else if (/^\s+Candidate: [^(]/.test(line)) names.add(name);
  }
  return names;
}
