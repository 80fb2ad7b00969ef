import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allSources } from '../../src/devbox/sources.ts';
import { ALL_TOOLS } from '../acceptance/devbox-breaks.ts';
import { type Deb, unit } from './archive.ts';
import { Lab } from './lab.ts';
import { LISTING } from './listing.ts';
import type { LabMachine } from './machine.ts';
import { Operator } from './operator.ts';
import { ThirdParty } from './third-party.ts';

const program = (name: string) => `#!/bin/sh\necho ${name} stands in for the real one\n`;

/** Keeps extensions and the list of them below the home of who calls it, and refuses root as the real one does. */
const CODE = `#!/bin/bash
[ "$(id -u)" != 0 ] || { echo 'not as a super user' >&2; exit 1; }
mkdir -p "$HOME/.vscode/extensions" && cd "$HOME/.vscode/extensions" || exit 1
case $1 in
  --list-extensions) ls -d */ | sed 's,/$,,; s/-\\([^-]*\\)$/@\\1/'; exit ;;
  --install-extension) mkdir -p "$2-1.0.0" ;;
  --uninstall-extension) rmdir "$2-1.0.0" ;;
esac
for each in */; do
  if [ "$each" = '*/' ]; then rm -f extensions.json; rmdir ../extensions ../../.vscode; exit; fi
  name=\${each%/}
  list+=,{'"identifier":{"id":"'\${name%-*}'"},"version":"'\${name##*-}'","relativeLocation":"'$name'"}'
done
echo "[\${list#,}]" >extensions.json
`;

/** What the archives of makers hold, besides packages without anything in them. */
const PACKAGES: Readonly<Record<string, Deb>> = {
  'docker-ce': {
    files: {
      '/usr/lib/systemd/system/docker.service': unit('docker').replace('[Install]', 'ExecReload=/bin/true\n[Install]'),
    },
    programs: { '/usr/sbin/iptables': program('iptables') },
    postinst: 'getent group docker >/dev/null || groupadd --system docker\nsystemctl enable --now docker.service',
  },
  'docker-ce-cli': { programs: { '/usr/bin/docker': program('docker') } },
  gh: { programs: { '/usr/bin/gh': program('gh') } },
  code: { programs: { '/usr/bin/code': CODE } },
};

const SECTIONS = `storage: { registry: {} }
devbox:
  host: rig1
${ALL_TOOLS}`;

/** As its user has it: git knows an address, and the file of the shell lies in a folder of its own. */
const OWN = `
  git config --global user.email mine@example.com
  mkdir dotfiles
  mv .bashrc dotfiles/bashrc
  chmod 640 dotfiles/bashrc
  ln -s dotfiles/bashrc .bashrc
`;

/** Besides what everybody could miss: programs that came without a package. */
const LOOK = `${LISTING}; find /usr/local -printf '%y %m %u:%g %p %l\\n' | sort -k 4`;

/** Where packages put files that they leave behind, and the accounts that they made. */
const OF_PACKAGES =
  /\/etc\/(xrdp|systemd\/system\/multi-user\.target\.wants|passwd|shadow|group|gshadow|subuid|subgid|iscsi)\b|\/snap\b|\/var\/(snap|lib\/(snapd|nfs|dpkg))\b/;

describe('a devbox on a real machine', () => {
  let lab: Lab;
  let machine: LabMachine;
  let them: ThirdParty;
  let fresh = '';
  let left = '';
  const operator = new Operator();

  beforeAll(async () => {
    lab = await Lab.up(1);
    them = await ThirdParty.serve(PACKAGES);
    machine = lab.machines[0] as LabMachine;
    await them.introduceTo(machine);
    expect((await machine.ssh(OWN, 'lab')).code).toBe(0);
    operator.bin = them.bin;
    operator.file(`${lab.clusterFile(1)}${SECTIONS}`);
    fresh = await machine.root(LOOK);
  });
  afterAll(async () => {
    await lab?.down();
    await them?.close();
    await operator.leave();
  });

  const asLab = async (script: string) => (await machine.ssh(script, 'lab')).stdout.trim();

  it('gets what the file asks for, and nothing the second time', async () => {
    const { summary, problems } = await operator.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
    expect((await operator.up()).summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1 } });
  });

  it('has packages of archives that it trusts by their keys alone', async () => {
    for (const [name, { packages, uri }] of Object.entries(allSources())) {
      const policy = await machine.root(`apt-cache policy ${packages[0]}`);
      expect(policy, name).toMatch(/Installed: \d/);
      expect(policy, name).toContain(uri.replace(/\/$/, ''));
    }
    expect(await machine.root('cat /etc/apt/trusted.gpg.d/* /etc/apt/trusted.gpg 2>/dev/null | wc -c')).toBe(
      await machine.root('cat /etc/apt/trusted.gpg.d/debian* 2>/dev/null | wc -c'),
    );
  });

  it('has programs that its user can run', async () => {
    for (const name of ['uv', 'uvx', 'k9s', 'helm', 'headlamp'])
      expect(await asLab(`${name} --version`)).toContain('(simulated)');
    expect(await asLab('~/miniforge3/bin/conda --version')).toContain('(simulated)');
    expect(await asLab('bash -ic "type -t title conda" 2>/dev/null')).toBe('function\nfunction');
    expect(await asLab('code --list-extensions')).toBe('ms-python.python@1.0.0');
  });

  it('left what its user had set, and nothing of root in the home', async () => {
    expect(await asLab('git config --global user.email; git config --global user.name')).toBe(
      'mine@example.com\nAnna Example',
    );
    expect(await asLab('readlink .bashrc; stat -c "%a %U" dotfiles/bashrc')).toBe('dotfiles/bashrc\n640 lab');
    expect(await machine.root('find /home/lab ! -user lab')).toBe('');
  });

  it('lets xrdp read its key, and keeps what runs the session in its first line', async () => {
    expect(await machine.root('id -nG xrdp')).toContain('ssl-cert');
    const [first, second] = (await machine.root('cat /etc/xrdp/startwm.sh')).split('\n');
    expect([first, second]).toEqual(['#!/bin/sh', '# BEGIN mlk8s xrdp']);
    expect(await machine.root('stat -c "%a %U" /etc/xrdp/startwm.sh')).toBe('755 root\n');
  });

  it('gives every file back, but for those of packages', async () => {
    left = await reset();
    const [after, before] = [left, fresh].map((text) => text.split('\n')) as [string[], string[]];
    const differ = [...after.filter((row) => !before.includes(row)), ...before.filter((row) => !after.includes(row))];
    expect(differ.filter((row) => !OF_PACKAGES.test(row))).toEqual([]);
  });

  it('takes no file and no key that is another one than its maker published', async () => {
    const uv = them.urlOf('uv');
    const gh = allSources().gh?.keyUrl ?? '';
    const [right, key] = [them.get(uv), them.get(gh)];
    them.put(uv, them.get(them.urlOf('k9s')));
    them.put(gh, await them.keyAndAnother());
    await machine.root('apt-get -y -q purge gh');
    const { summary, problems } = await operator.up();
    expect(summary).toMatchObject({ exitCode: 1, dropped: [] });
    expect(problems.join('\n')).toContain('devbox/uv@rig1');
    expect(problems.join('\n')).toContain('devbox/gh-source@rig1');
    expect((await machine.ssh('command -v uv gh; ls -A /usr/local/bin')).stdout).not.toMatch(/uv|gh/);
    them.put(uv, right);
    them.put(gh, key);
    expect((await operator.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect(await asLab('uv --version; gh')).toContain('uv');
  });

  it('gives every file back a second time, to the last one', async () => {
    expect((await reset()).split('\n')).toEqual(left.split('\n'));
  });

  async function reset(): Promise<string> {
    const { summary, problems } = await operator.run('reset', '--confirm', 'lab', '--json');
    expect(problems).toEqual([]);
    expect(summary).toMatchObject({ exitCode: 0, failed: 0, dropped: [] });
    return machine.root(LOOK);
  }
});
