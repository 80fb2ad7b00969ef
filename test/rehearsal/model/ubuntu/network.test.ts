import { beforeEach, describe, expect, it } from 'vitest';
import { brief, TestMachine } from './machine.ts';

let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine();
});

describe('names', () => {
  it.each([
    ['getent hosts ubuntu', { out: '127.0.1.1       ubuntu\n' }],
    ['getent ahostsv4 ubuntu', { out: '127.0.1.1       STREAM ubuntu\n127.0.1.1       DGRAM\n127.0.1.1       RAW\n' }],
    ['getent hosts registry.k8s.io', { out: '34.96.108.209   registry.k8s.io\n' }],
    ['getent hosts rig2', { code: 2 }],
    ['getent passwd mia', { out: 'mia:x:1000:1000::/home/mia:/bin/bash\n' }],
    ['getent passwd frob', { code: 2 }],
    ['getent group sudo', { out: 'sudo:x:27:mia\n' }],
  ])('%s', async (line, expected) => {
    expect(brief(await machine.run(line))).toEqual(expected);
  });

  it('without a name server only /etc/hosts is left', async () => {
    machine.rig.faults = ['nodns'];
    expect((await machine.run('getent hosts registry.k8s.io')).code).toBe(2);
    expect((await machine.run('getent hosts ubuntu')).code).toBe(0);
    expect(brief(await machine.run('ping -c 1 -q ubuntu.com'))).toEqual({
      err: 'ping: ubuntu.com: Temporary failure in name resolution\n',
      code: 2,
    });
  });
});

describe('reaching others', () => {
  it('pings a peer and not one that is gone', async () => {
    const peer = machine.addPeer('rig2', '192.168.1.12');
    expect((await machine.run('ping -c 3 -q 192.168.1.12')).out).toBe(
      'PING 192.168.1.12 (192.168.1.12) 56(84) bytes of data.\n\n--- 192.168.1.12 ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time 2003ms\nrtt min/avg/max/mdev = 0.360/0.400/0.480/0.040 ms\n',
    );
    peer.faults = ['gone'];
    const { out, code } = await machine.run('ping -c 1 -W 2 -q 192.168.1.12');
    expect(out).toContain('1 packets transmitted, 0 received, 100% packet loss');
    expect(code).toBe(1);
  });

  it.each([
    ['ip -o -4 route get 1.1.1.1', { out: '1.1.1.1 via 192.168.1.1 dev eth0 src 192.168.1.11 uid 0 \\    cache \n' }],
    ['ip -4 route show default', { out: 'default via 192.168.1.1 dev eth0 proto dhcp src 192.168.1.11 metric 100 \n' }],
    [
      'ip -o -4 addr show dev lo',
      { out: '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n' },
    ],
    ['ip addr show frob', { err: 'Device "frob" does not exist.\n', code: 1 }],
    ['ip -frob addr', { err: 'Option "-frob" is unknown, try "ip -help".\n', code: 255 }],
    ['ip frob', { err: 'Object "frob" is unknown, try "ip help".\n', code: 1 }],
    [
      'networkctl --no-legend list',
      { out: '  1 lo   loopback carrier  unmanaged\n  2 eth0 ether    routable configured\n' },
    ],
  ])('%s', async (line, expected) => {
    expect(brief(await machine.run(line))).toEqual(expected);
  });

  it('lists the ports of the machine, with those of MicroK8s while it runs', async () => {
    const ports = async () => {
      const { out } = await machine.run('ss -Hltn');
      return [...out.matchAll(/:(\d+) +\S+:\*/g)].map((match) => Number(match[1]));
    };
    expect(await ports()).toEqual([22, 53]);
    await machine.run('snap install microk8s --classic --channel=1.35/stable');
    machine.now += 120_000;
    expect(await ports()).toEqual(expect.arrayContaining([22, 16443, 25000, 10250, 19001]));
  });
});

describe('http', () => {
  const code = (url: string) => ['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', url];
  it.each([
    ['https://registry.k8s.io/', { out: '200' }],
    ['https://registry-1.docker.io/v2/', { out: '401' }],
    ['https://no.such.host/', { out: '000', err: 'curl: (6) Could not resolve host: no.such.host\n', code: 6 }],
    [
      'https://127.0.0.1:16443/',
      {
        out: '000',
        err: "curl: (7) Failed to connect to 127.0.0.1 port 16443 after 1 ms: Couldn't connect to server\n",
        code: 7,
      },
    ],
  ])('curl %s', async (url, expected) => {
    expect(brief(await machine.run(code(url)))).toEqual(expected);
  });

  it('curl -f fails on an HTTP error, wget in its own way', async () => {
    expect(brief(await machine.run('curl -fsS https://ghcr.io/v2/'))).toEqual({
      err: 'curl: (22) The requested URL returned error: 401\n',
      code: 22,
    });
    expect((await machine.run('wget -q --spider https://ghcr.io/v2/')).code).toBe(6);
    expect((await machine.run('curl --frob x')).code).toBe(2);
  });

  it('the store is away with the fault nostore', async () => {
    machine.rig.faults = ['nostore'];
    expect((await machine.run('curl -s https://api.snapcraft.io/')).code).toBe(7);
  });
});

describe('firewall', () => {
  it('shows its rules only while it is active', async () => {
    const allow = ['ufw', 'allow', 'from', '192.168.1.0/24', 'comment', 'home'];
    expect((await machine.run(allow)).out).toBe('Rules updated\n');
    expect((await machine.run(allow)).out).toBe('Skipping adding existing rule\n');
    expect((await machine.run('ufw allow in on cali+')).out).toBe('Rules updated\nRules updated (v6)\n');
    expect((await machine.run('ufw status')).out).toBe('Status: inactive\n');
    await machine.run('ufw allow out on cali+');
    await machine.run('ufw allow 16443/tcp');
    // As ufw 0.36 prints them, checked against its own parser.
    expect((await machine.run('ufw show added')).out.split('\n').slice(1)).toEqual([
      "ufw allow from 192.168.1.0/24 comment 'home'",
      'ufw allow in on cali+',
      'ufw allow out on cali+',
      'ufw allow 16443/tcp',
      '',
    ]);
    await machine.run('ufw delete allow out on cali+');
    await machine.run('ufw delete allow 16443/tcp');
    expect((await machine.run('ufw default allow routed')).out).toContain("Default routed policy changed to 'allow'\n");
    await machine.run('ufw --force enable');
    expect((await machine.run('ufw status verbose')).out).toBe(
      [
        'Status: active',
        'Logging: on (low)',
        'Default: deny (incoming), allow (outgoing), allow (routed)',
        'New profiles: skip',
        '',
        'To                         Action      From',
        '--                         ------      ----',
        'Anywhere                   ALLOW IN    192.168.1.0/24             # home',
        'Anywhere on cali+          ALLOW IN    Anywhere                  ',
        '',
        '',
      ].join('\n'),
    );
  });

  it('asks before it cuts ssh off', async () => {
    expect((await machine.run('ufw enable')).out).toContain('(y|n)? Aborted\n');
    expect((await machine.run('ufw enable', { stdin: 'y\n' })).out).toContain('Firewall is active');
  });

  it('drops forwarded packets while it is active or Docker is there', async () => {
    expect((await machine.run('iptables -S FORWARD')).out).toBe('-P FORWARD ACCEPT\n');
    await machine.run('apt-get install -y docker.io');
    expect((await machine.run('iptables -S FORWARD')).out).toBe('-P FORWARD DROP\n');
    await machine.run('iptables -P FORWARD ACCEPT');
    expect((await machine.run('iptables -S FORWARD')).out).toBe('-P FORWARD ACCEPT\n');
  });

  it.each([
    ['ufw status', 'mia', 'ERROR: You need to be root to run this script\n'],
    ['ufw frob', 'root', 'ERROR: Invalid syntax\n'],
  ])('%s as %s', async (line, user, err) => {
    expect(brief(await machine.run(line, { user }))).toEqual({ err, code: 1 });
  });
});

describe('accounts', () => {
  it.each([
    ['usermod -a -G sudo frob', "usermod: user 'frob' does not exist\n", 6],
    ['usermod -a -G frob mia', "usermod: group 'frob' does not exist\n", 6],
    ['useradd mia', "useradd: user 'mia' already exists\n", 9],
    ['groupadd sudo', "groupadd: group 'sudo' already exists\n", 9],
    ['gpasswd -a mia frob', "gpasswd: group 'frob' does not exist in /etc/group\n", 3],
  ])('%s', async (line, err, code) => {
    expect(brief(await machine.run(line))).toEqual({ err, code });
  });

  it('adds groups and members to the files', async () => {
    await machine.run('groupadd --system microk8s');
    await machine.run('usermod -a -G microk8s mia');
    expect((await machine.run('getent group microk8s')).out).toBe('microk8s:x:999:mia\n');
    expect((await machine.run('adduser mia microk8s')).out).toBe(
      "info: The user `mia' is already a member of `microk8s'.\n",
    );
    expect((await machine.run('groupadd -f microk8s')).code).toBe(0);
  });
});
