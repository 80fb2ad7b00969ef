import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MountStep, Rig } from '../../../src/rehearsal/rig.ts';

/** Programs that reach out of the box, or take long. Each writes down what it was called with, a call a line. */
const STUBS = [
  ...[
    'microk8s',
    'snap',
    'apt-get',
    'apt-cache',
    'dpkg',
    'dpkg-query',
    'systemctl',
    'modprobe',
    'sysctl',
    'ufw',
    'getent',
  ],
  ...[
    'hostnamectl',
    'timedatectl',
    'reboot',
    'ping',
    'ss',
    'ip',
    'sleep',
    'usermod',
    'lspci',
    'systemd-detect-virt',
    'hostname',
  ],
];
const STUB = `#!/usr/bin/perl
open(my $f, '>>', '/calls') or die; my ($name) = $0 =~ m{([^/]+)$};
syswrite($f, join('', map { unpack('H*', $_) . ' ' } $name, @ARGV) . "\\n");
exit(($name eq 'systemctl' && "@ARGV" =~ /is-active/) ? 3 : 0);
`;
/** Runs the job at once, as the unit would. */
const SYSTEMD_RUN = `#!/bin/bash
while [[ $1 == -* ]]; do shift; done
"$@"
`;

/** A machine of its own, in namespaces, with a real bash and real coreutils: a place where scripts may do what they do. */
export class Box {
  readonly folder = mkdtempSync(join(tmpdir(), 'mlk8s-box-'));
  readonly root = join(this.folder, 'root');
  #rig: Rig | undefined;

  async start(): Promise<void> {
    for (const path of [
      'dev',
      'etc',
      'home',
      'proc',
      'root',
      'run',
      'sys',
      'tmp',
      'usr',
      'stubs',
      'var/lib',
      'data',
      'boot',
      'snap',
    ]) {
      mkdirSync(join(this.root, path), { recursive: true });
    }
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(this.root, name));
    writeFileSync(join(this.root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
    writeFileSync(join(this.root, 'etc/group'), 'root:x:0:\n');
    for (const name of STUBS) writeFileSync(join(this.root, 'stubs', name), STUB, { mode: 0o755 });
    writeFileSync(join(this.root, 'stubs/systemd-run'), SYSTEMD_RUN, { mode: 0o755 });
    const device = (name: string): MountStep[] => [
      ['file', '', `/dev/${name}`],
      ['bind', `/dev/${name}`, `/dev/${name}`],
    ];
    this.#rig = await Rig.start({
      root: this.root,
      hostname: 'box',
      steps: [
        ['bind', '/usr', '/usr'],
        ['ro', '', '/usr'],
        // First in the PATH that every script is given.
        ['bind', join(this.root, 'stubs'), '/usr/local/sbin'],
        ['tmpfs', 'mode=755', '/run'],
        ['proc', '', '/proc'],
        ['tmpfs', 'mode=755', '/dev'],
        ...['null', 'zero', 'random', 'urandom'].flatMap(device),
        ['link', '/proc/self/fd', '/dev/fd'],
        ['file', '', '/dev/mlk8s-model'],
        ['bind', join(this.folder, 'model'), '/dev/mlk8s-model'],
      ],
      modelSocket: join(this.folder, 'model'),
      onShim: (socket) => socket.destroy(),
      onEnd: () => {},
    });
  }

  /** Runs a script as root's bash does that reads it from standard input. */
  async bash(script: string): Promise<{ stdout: Buffer; stderr: string; code: number }> {
    const env = { PATH: '/usr/local/sbin:/usr/sbin:/usr/bin', HOME: '/root', LC_ALL: 'C.UTF-8' };
    const argv = ['/bin/bash', '--norc', '--noprofile', '-s'];
    if (!this.#rig) throw new Error('the box is not started');
    const { stdin, stdout, stderr, exited } = await this.#rig.exec({ argv, cwd: '/', env });
    const read = async (stream: NodeJS.ReadableStream): Promise<Buffer> => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    };
    stdin.end(script);
    const [out, err, { code }] = await Promise.all([read(stdout), read(stderr), exited]);
    return { stdout: out, stderr: err.toString(), code };
  }

  /** The calls of stand-ins since the last time: name and arguments. */
  calls(): string[][] {
    const path = join(this.root, 'calls');
    const text = readFileSync(path, 'latin1');
    writeFileSync(path, '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((row) =>
        row
          .split(' ')
          .slice(0, -1)
          .map((word) => Buffer.from(word, 'hex').toString()),
      );
  }

  async stop(): Promise<void> {
    await this.#rig?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
