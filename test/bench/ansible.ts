import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { $ } from 'zx';
import type { Loaded } from '../../src/config/load.ts';
import type { LabMachine } from '../lab/machine.ts';
import { type SshWay, sshOptions } from './floor.ts';
import { playbook } from './playbook.ts';

/** What Ansible's modules need on a machine. The machines of the lab reach no archive that has it. */
const PYTHON = ['python3', 'python3-apt'];

/** The command that runs the playbook on the machines, with pipelining and a process for each, and its environment. */
export function ansibleCommand(
  folder: string,
  cluster: Loaded,
  ways: ReadonlyMap<string, SshWay>,
  read: (path: string) => string,
): { readonly argv: string[]; readonly env: Record<string, string> } {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const all = Object.fromEntries(
    [...ways].map(([name, way]) => [
      name,
      {
        ansible_host: way.address,
        ansible_port: way.port,
        ansible_user: way.user,
        ansible_python_interpreter: '/usr/bin/python3',
        ansible_ssh_common_args: sshOptions(way).join(' '),
      },
    ]),
  );
  const inventory = write('hosts.yaml', stringify({ all: { hosts: all } }));
  const book = write('playbook.yaml', stringify(playbook(cluster, read)));
  const config = write('ansible.cfg', `[defaults]\nforks = ${ways.size}\n[ssh_connection]\npipelining = True\n`);
  return { argv: ['ansible-playbook', '-i', inventory, book], env: { ANSIBLE_CONFIG: config, ANSIBLE_HOME: folder } };
}

/** Puts Python on machines, out of this computer's archive: it runs the same Debian. */
export async function installPython(folder: string, machines: readonly LabMachine[]): Promise<void> {
  const sh = $({ quiet: true });
  const [first] = machines;
  if (!first) return;
  const archives = join(folder, 'archives');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  const status = join(folder, 'status');
  writeFileSync(status, await first.root('cat /var/lib/dpkg/status'));
  await sh`apt-get -o Dir::State::status=${status} -o Dir::Cache::archives=${archives} -o APT::Sandbox::User=root --download-only --no-install-recommends -y install ${PYTHON}`;
  const debs = readdirSync(archives).filter((name) => name.endsWith('.deb'));
  const packed = (await sh`tar -C ${archives} -c ${debs} | base64 -w0`).stdout;
  for (const machine of machines) {
    await machine.root(`set -e
      folder=$(mktemp -d)
      cd $folder
      base64 -d <<<${packed} | tar -x
      apt-get install -y --no-install-recommends ./*.deb >&2
      rm -rf $folder`);
  }
}
