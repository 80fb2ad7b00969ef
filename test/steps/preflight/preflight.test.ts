import { describe, expect, it } from 'vitest';
import type { ClusterNode } from '../../../src/config/schema.ts';
import type { Check, Finding } from '../../../src/engine/check.ts';
import type { Answer } from '../../../src/engine/types.ts';
import { checks } from '../../../src/steps/preflight/index.ts';
import { answerOf, at, cluster, node, type Told, worldOf } from '../../resources/world.ts';

/** Answers of a machine with which nothing is wrong, by key of the ask. */
function good({ name, address }: ClusterNode): Record<string, Told> {
  const number = Number(/\d+$/.exec(name)?.[0]);
  const others = nodes.filter((it) => it.name !== name);
  return {
    'os and architecture': 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nVERSION_ID="24.04"\nID=ubuntu\nMACHINE=x86_64\n',
    memory: 'MemTotal:       16303224 kB\nSwapTotal:             0 kB\n',
    'disk of /var/snap': df(200),
    'disk of /data/microk8s': df(200),
    virtualization: 'none\n',
    addresses: `1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet ${address}/24 brd 192.168.1.255 scope global eth0\n`,
    wireless: '',
    'default route': `1.1.1.1 via 192.168.1.1 dev eth0 src ${address} uid 0 \\    cache \n`,
    'round trips': `/usr/bin/ping\n${others.map((it) => ping(it.address, 0.4)).join('')}`,
    time: `${1_790_000_000 + number * 0.3}\n`,
    clock: 'NTP=yes\nNTPSynchronized=yes\n',
    'microk8s data': '',
    listening: 'LISTEN 0      4096         0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=812,fd=3))\n',
    'traces of another Kubernetes': '',
    'containerd and networks of others': '',
    'file systems to mount': '/dev/sda2 / ext4 defaults 0 1\n/swap.img none swap sw 0 0\n',
    'machine id': `${name}\n`,
    'iscsi name': `InitiatorName=iqn.2004-10.com.ubuntu:01:${name}\n`,
    'microk8s in the store': `/usr/bin/snap\nname:      microk8s\n${channels('1.36/stable:     –', '1.35/stable:     v1.35.0 2026-06-18 (8511) 169MB classic', '1.35/candidate:  ↑')}`,
  };
}

const df = (gib: number) =>
  `Filesystem     1024-blocks      Used Available Capacity Mounted on\n/dev/sda2        479079112 1000 ${gib * 1024 ** 2}      10% /\n`;
const ping = (address: string, ms: number) =>
  `${address} rtt min/avg/max/mdev = ${ms - 0.1}/${ms}/${ms + 0.3}/0.055 ms\n`;
const channels = (...rows: string[]) => `channels:\n${rows.map((row) => `  ${row}\n`).join('')}`;

const nodes = [node('rig1', { role: 'control-plane' }), node('rig2', { role: 'control-plane' }), node('rig3')] as const;
const file = cluster(nodes);

/** What all checks find when machines differ from good ones in this. */
function find(differ: Record<string, Record<string, Told>>, of = file): string[] {
  const answers = new Map<string, Answer>();
  for (const it of of.nodes) {
    const told = { ...good(it), ...differ[it.name] };
    for (const check of checks) {
      for (const ask of check.asks(of, it.name)) {
        const answer = told[ask.key];
        if (answer === undefined) throw new Error(`nothing is told about "${ask.key}"`);
        answers.set(at(ask.on, ask.key), answerOf(answer));
      }
    }
  }
  const world = worldOf({ file: of, answers });
  return checks.flatMap((check: Check) => check.judge(of, world)).map(shown);
}

function shown({ level, problem, host }: Finding): string {
  expect(problem.where).toMatch(/^preflight\/[a-z-]+@rig\d$/);
  expect(problem.where).toContain(`@${host}`);
  expect(problem.why).toMatch(/\w/);
  expect(problem.next.length).toBeGreaterThan(0);
  return `${level} ${problem.where.slice('preflight/'.length)}: ${problem.seen}`;
}

describe('preflight', () => {
  it('finds nothing wrong with good machines', () => expect(find({})).toEqual([]));

  it('shows all problems of all machines at once', () => {
    expect(
      find({
        rig1: { virtualization: 'lxc\n', memory: 'MemTotal: 500000 kB\nSwapTotal: 0 kB\n' },
        rig3: { 'disk of /var/snap': df(3) },
      }),
    ).toEqual([
      'error memory@rig1: it has 488 MiB of memory',
      'error disk@rig3: 3.0 GiB are free for /var/snap (on /)',
      'error virtualization@rig1: it is a container of lxc',
    ]);
  });

  it.each<[string, Record<string, Told>, string[]]>([
    [
      'Debian 12',
      { 'os and architecture': 'ID=debian\nVERSION_ID="12"\nMACHINE=aarch64\n' },
      ['warning system@rig2: it runs debian 12'],
    ],
    [
      'an old Ubuntu',
      { 'os and architecture': 'ID=ubuntu\nVERSION_ID="20.04"\nMACHINE=x86_64\n' },
      ['error system@rig2: it runs ubuntu 20.04'],
    ],
    [
      'a 32 bit Raspberry Pi',
      { 'os and architecture': 'ID=ubuntu\nVERSION_ID="22.04"\nMACHINE=armv7l\n' },
      ['error system@rig2: its architecture is armv7l'],
    ],
    [
      'little memory and swap',
      { memory: 'MemTotal: 2000000 kB\nSwapTotal: 4194300 kB\n' },
      ['warning memory@rig2: it has 1953 MiB of memory', 'warning memory@rig2: swap is on'],
    ],
    [
      'little room for volumes',
      { 'disk of /data/microk8s': df(9) },
      ['warning disk@rig2: 9.0 GiB are free for /data/microk8s (on /)'],
    ],
    ['WSL', { virtualization: 'wsl\n' }, ['error virtualization@rig2: it is a container of wsl']],
    ['a virtual machine', { virtualization: 'kvm\n' }, []],
    [
      'another address',
      { addresses: '2: eth0    inet 192.168.1.77/24 scope global eth0\n' },
      ['error address@rig2: 192.168.1.12 is not one of its addresses (192.168.1.77)'],
    ],
    [
      'an address that only begins the same',
      { addresses: '2: eth0    inet 192.168.1.123/24 scope global eth0\n' },
      ['error address@rig2: 192.168.1.12 is not one of its addresses (192.168.1.123)'],
    ],
    [
      'DHCP',
      { addresses: '2: eth0    inet 192.168.1.12/24 scope global dynamic eth0\n' },
      ['warning address@rig2: its address 192.168.1.12 comes from DHCP'],
    ],
    [
      'Wi-Fi',
      {
        addresses: '3: wlan0    inet 192.168.1.12/24 scope global wlan0\n',
        wireless: '/sys/class/net/wlan0/wireless\n',
      },
      ['warning address@rig2: it is a control plane on Wi-Fi (wlan0)'],
    ],
    ['a Wi-Fi card that is not used', { wireless: '/sys/class/net/wlan0/wireless\n' }, []],
    [
      'two networks',
      { 'default route': '1.1.1.1 via 10.0.0.1 dev eth1 src 10.0.0.5 uid 0\n' },
      ['warning address@rig2: its default route leaves from 10.0.0.5, not 192.168.1.12'],
    ],
    ['no default route', { 'default route': '' }, ['warning address@rig2: it has no default route']],
    [
      'a slow way between control planes',
      { 'round trips': `/usr/bin/ping\n${ping('192.168.1.11', 230)}${ping('192.168.1.13', 230)}` },
      // rig3 is a worker, and looks at the control planes itself.
      ['error round-trips@rig2: a round trip to rig1 takes 230 ms'],
    ],
    [
      'somewhat slow',
      { 'round trips': `/usr/bin/ping\n${ping('192.168.1.11', 60)}${ping('192.168.1.13', 40)}` },
      ['warning round-trips@rig2: a round trip to rig1 takes 60 ms'],
    ],
    [
      'no answer to pings',
      {
        'round trips': `/usr/bin/ping\n192.168.1.11 3 packets transmitted, 0 received, 100% packet loss, time 2042ms\n${ping('192.168.1.13', 1)}`,
      },
      ['warning round-trips@rig2: rig1 (192.168.1.11) does not answer pings'],
    ],
    ['no ping program', { 'round trips': '' }, []],
    [
      'a taken port',
      { listening: 'LISTEN 0 4096 *:10250 *:* users:(("kubelet",pid=1,fd=3))\nLISTEN 0 4096 127.0.0.1:80 *:*\n' },
      ['error ports@rig2: port 10250 is used by kubelet'],
    ],
    [
      'MicroK8s itself',
      { listening: 'LISTEN 0 4096 *:16443 *:* users:(("kubelite",pid=1,fd=3))\n', 'microk8s data': 'yes\n' },
      [],
    ],
    [
      'k3s',
      { 'traces of another Kubernetes': 'the service k3s runs\nthere is /etc/rancher\n' },
      ['error other-kubernetes@rig2: the service k3s runs, there is /etc/rancher'],
    ],
    [
      'Docker',
      { 'containerd and networks of others': 'the service containerd runs\n' },
      ['warning other-kubernetes@rig2: the service containerd runs'],
    ],
    ['no iSCSI yet', { 'iscsi name': '' }, []],
    ['no snapd yet', { 'microk8s in the store': '' }, []],
    [
      'no store',
      { 'microk8s in the store': '/usr/bin/snap\nerror: unable to contact snap store\n' },
      ['error snap-store@rig2: the snap store does not answer: error: unable to contact snap store'],
    ],
    [
      'no such channel',
      {
        'microk8s in the store': `/usr/bin/snap\n${channels('1.34/stable: v1.34.1 2026 (1) 1MB classic', '1.35/stable: –')}`,
      },
      ['error snap-store@rig2: the snap store has no microk8s on channel 1.35/stable'],
    ],
    [
      'an answer that came too late',
      { memory: { kind: 'timeout' } },
      ['warning memory@rig2: rig2 did not answer "memory" within 10 s'],
    ],
  ])('%s', (_, differ, expected) => expect(find({ rig2: differ })).toEqual(expected));

  it('only warns of a slow way to a worker', () => {
    const slow = `/usr/bin/ping\n${ping('192.168.1.11', 230)}${ping('192.168.1.12', 0.4)}`;
    expect(find({ rig3: { 'round trips': slow } })).toEqual([
      'warning round-trips@rig3: a round trip to rig1 takes 230 ms',
    ]);
  });

  it('compares clocks: one that is off is named, and nobody else', () => {
    const late = { time: '1789999000\n', clock: 'NTPSynchronized=no\n' };
    expect(find({ rig1: late })).toEqual(['error clock@rig1: its clock is 1001 s behind the other machines']);
    const doubtful = { time: '1790000041\n', clock: 'NTPSynchronized=no\n' };
    expect(find({ rig3: doubtful })).toEqual(['warning clock@rig3: its clock is 40 s ahead of the other machines']);
    expect(find({ rig3: { ...doubtful, clock: 'NTPSynchronized=yes\n' } })).toEqual([]);
  });

  it('names both of two machines whose clocks differ', () => {
    const two = cluster(nodes.slice(0, 2));
    const found = find({ rig1: { time: '1790000500\n' } }, two).filter((line) => line.includes('clock'));
    expect(found).toEqual([
      'error clock@rig1: its clock is 499 s ahead of the other machines',
      'error clock@rig2: its clock is 499 s behind the other machines',
    ]);
  });

  it('does not take it for a wrong clock that a machine was asked later than the others', () => {
    const asked = (text: string, askedAtS: number) => ({ time: { text, status: 0, askedAtS } });
    const early = asked('1790000000\n', 1789999990);
    expect(find({ rig1: early, rig2: early, rig3: asked('1790000400\n', 1790000390) })).toEqual([]);
    expect(find({ rig1: early, rig2: early, rig3: asked('1790000000\n', 1790000390) })).toEqual([
      'error clock@rig3: its clock is 400 s behind the other machines',
    ]);
  });

  it('finds clones', () => {
    const clone = { 'machine id': 'rig1\n', 'iscsi name': 'InitiatorName=iqn.2004-10.com.ubuntu:01:rig1\n' };
    expect(find({ rig2: clone })).toEqual([
      'error identity@rig1: it has the same machine id as rig2',
      'error identity@rig1: it has the same iSCSI name as rig2',
      'error identity@rig2: it has the same machine id as rig1',
      'error identity@rig2: it has the same iSCSI name as rig1',
    ]);
  });

  it('has nothing to compare or to ping with one machine', () => {
    expect(find({}, cluster(nodes.slice(0, 1)))).toEqual([]);
  });
});

describe('for storage', () => {
  const storage = { openebs: true, hostpath: false, registry: { sizeGi: 40 } };
  const of = cluster(nodes, { storage });
  const fstab = (...rows: string[]) => ['/dev/sda2 / ext4 defaults 0 1', ...rows].map((row) => `${row}\n`).join('');
  const mounted = (at: string) => df(200).replace(/\/\n$/, `${at}\n`);
  const taken = (program: string) => `LISTEN 0 5 0.0.0.0:32000 0.0.0.0:* users:(("${program}",pid=9,fd=3))\n`;

  it.each<[string, Record<string, Told>, string[]]>([
    ['nothing', {}, []],
    [
      'a disk that is not mounted',
      { 'file systems to mount': fstab('/dev/sdb1 /data ext4 nofail 0 2') },
      ['warning data-mount@rig2: /etc/fstab mounts /data, but nothing is mounted there'],
    ],
    [
      'a disk that is',
      { 'file systems to mount': fstab('/dev/sdb1 /data ext4 nofail 0 2'), 'disk of /data/microk8s': mounted('/data') },
      [],
    ],
    [
      'only one of two disks',
      {
        'file systems to mount': fstab('/dev/sdb1 /data ext4 nofail 0 2', 'LABEL=big /data/microk8s xfs defaults 0 2'),
        'disk of /data/microk8s': mounted('/data'),
      },
      ['warning data-mount@rig2: /etc/fstab mounts /data/microk8s, but nothing is mounted there'],
    ],
    ['a disk for something else', { 'file systems to mount': fstab('/dev/sdb1 /database ext4 defaults 0 2') }, []],
    [
      'a program at the port of the registry',
      { listening: taken('python3') },
      ['error registry-port@rig2: port 32000 is used by python3'],
    ],
    ["MicroK8s' proxy at that port", { listening: taken('kubelite') }, []],
  ])('finds %s', (_, differ, found) => expect(find({ rig2: differ }, of)).toEqual(found));

  it('asks for nothing of it where the file does not want it', () => {
    const differ = { 'file systems to mount': fstab('/dev/sdb1 /data ext4 nofail 0 2'), listening: taken('python3') };
    expect(find({ rig2: differ })).toEqual([]);
  });
});

describe('services that are to be reached', () => {
  const network = {
    domain: 'lab',
    ingress: true,
    tls: true,
    loadBalancer: { from: '192.168.1.200', to: '192.168.1.220' },
  };
  const asked = { ...file, network };
  const socket = (port: number, program: string) =>
    `LISTEN 0      511          0.0.0.0:${port}         0.0.0.0:*    users:(("${program}",pid=812,fd=3))\n`;
  const inet = (rest: string, { address }: ClusterNode = nodes[1]) => `2: wlan0    inet ${address}/${rest}\n`;

  it('are no trouble on good machines', () => expect(find({}, asked)).toEqual([]));

  it.each<[string, Record<string, Told>, string[]]>([
    ['a web server', { listening: socket(80, 'apache2') }, ['error service-ports@rig2: port 80 is used by apache2']],
    [
      'Docker Swarm',
      { listening: socket(7946, 'dockerd') },
      ['error service-ports@rig2: port 7946 is used by dockerd'],
    ],
    ['MetalLB itself', { listening: socket(7946, 'speaker') + socket(7472, 'speaker') }, []],
    [
      'a router that hands out addresses',
      { addresses: inet('24 brd 192.168.1.255 scope global dynamic eth0') },
      [
        'warning address@rig2: its address 192.168.1.12 comes from DHCP',
        'warning service-addresses@rig2: a router hands out addresses in this network, and MetalLB gives out 192.168.1.200 to 192.168.1.220',
      ],
    ],
    [
      'Wi-Fi',
      { addresses: inet('24 scope global wlan0'), wireless: '/sys/class/net/wlan0/wireless\n' },
      [
        'warning address@rig2: it is a control plane on Wi-Fi (wlan0)',
        'warning service-addresses@rig2: MetalLB answers for addresses over Wi-Fi (wlan0)',
      ],
    ],
    ['a smaller network of one machine', { addresses: inet('27 scope global eth0') }, []],
  ])('%s', (_, differ, seen) => expect(find({ rig2: differ }, asked)).toEqual(seen));

  it.each<[string, string, string[]]>([
    ['the exporter of Ubuntu', 'prometheus-node', ['error service-ports@rig2: port 9100 is used by prometheus-node']],
    ['that of monitoring', 'node_exporter', []],
  ])('port 9100 has %s', (_, program, seen) => {
    const monitoring = { retentionDays: 15, sizeGi: 20, pushgateway: true, alerts: {} };
    const differ = { rig2: { listening: socket(9100, program) } };
    expect(find(differ, { ...file, monitoring })).toEqual(seen);
    expect(find(differ)).toEqual([]);
  });

  describe('with Kubeflow', () => {
    const of = { ...file, kubeflow: { components: 'minimal' as const, users: [{ name: 'anna' }] } };

    it.each<[string, number, string, string[]]>([
      ['a program of somebody', 8000, 'python3', ['error kubeflow@rig2: port 8000 is used by python3']],
      ['the mesh itself', 15014, 'install-cni', []],
    ])('asks whether %s has the port of its mesh', (_, port, program, seen) => {
      const differ = { rig2: { listening: socket(port, program) } };
      expect(find(differ, of)).toEqual(seen);
      expect(find(differ)).toEqual([]);
    });

    it('wants amd64 where its pods may come', () => {
      const arm = { rig3: { 'os and architecture': 'ID=ubuntu\nVERSION_ID="24.04"\nMACHINE=aarch64\n' } };
      expect(find(arm, of)).toEqual([
        'error kubeflow@rig3: its architecture is aarch64, and Kubeflow is in the cluster file',
      ]);
      const taints = [{ key: 'arm', value: '', effect: 'NoSchedule' as const }];
      expect(find(arm, { ...of, nodes: [nodes[0], nodes[1], { ...nodes[2], taints }] })).toEqual([]);
    });
  });

  it('refuses addresses of which some are in no network of a machine', () => {
    const small = Object.fromEntries(nodes.map((it) => [it.name, { addresses: inet('27 scope global eth0', it) }]));
    const seen = 'addresses from 192.168.1.200 to 192.168.1.220 are not all in its network 192.168.1.11/27';
    expect(find(small, asked)).toEqual([`error service-addresses@rig1: ${seen}`]);
  });

  it('lets a web server be where no ingress is', () => {
    const differ = { rig2: { listening: socket(443, 'nginx') } };
    expect(find(differ, { ...asked, network: { ...network, ingress: false } })).toEqual([]);
    const taints = [{ key: 'gpu', value: '', effect: 'NoSchedule' as const }];
    expect(find(differ, { ...asked, nodes: [nodes[0], { ...nodes[1], taints }, nodes[2]] })).toEqual([]);
  });
});
