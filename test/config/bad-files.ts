/** Cluster files that are wrong, each with the name of its golden text: all that a user reads. */

const NODES = `nodes:
  - name: rig1
    address: 10.0.0.101
    role: control-plane
`;
const GOOD = `name: home-lab\n${NODES}`;

/** A valid file with one more line for its machine. */
const node = (line: string) => `${GOOD}    ${line}\n`;
const address = (value: string) => GOOD.replace('10.0.0.101', value);
const channel = (value: string) => `microk8s:\n  channel: ${value}\n${GOOD}`;
const bomb = (levels: number) =>
  Array.from(
    { length: levels },
    (_, i) =>
      `k${i}: &k${i} [${Array(9)
        .fill(i === 0 ? 'x' : `*k${i - 1}`)
        .join(', ')}]\n`,
  ).join('');
const nodes = (count: number) =>
  Array.from({ length: count }, (_, i) => `  - {name: n${i}, address: 10.0.${i >> 8}.${i & 255}}\n`).join('');

export const BAD_FILES: Readonly<Record<string, string | Buffer>> = {
  // what a file can be instead of a cluster file
  empty: '',
  'only-blanks': ' \n\n',
  'only-comments': '# nothing yet\n# later\n',
  'only-a-marker': '---\n# nothing\n',
  'a-list': '- name: home-lab\n',
  'one-value': 'home-lab\n',
  'an-empty-mapping': '{}\n',
  'nul-bytes': Buffer.from('name: home\0lab\n'),
  'utf-16': Buffer.from(`\uFEFF${GOOD}`, 'utf16le'),
  latin1: Buffer.from('# Gerät\nname: Küche\n', 'latin1'),
  'too-large': `${GOOD}# ${'x'.repeat(256 * 1024)}\n`,
  'twenty-thousand-nodes': `name: home-lab\nnodes:\n${nodes(20_000)}`,
  'four-thousand-nodes': `name: home-lab\nnodes:\n${nodes(4_000)}`,
  'many-unknown-keys': GOOD + Array.from({ length: 60 }, (_, i) => `unknown${i}x: 1\n`).join(''),

  // YAML
  'tab-as-indentation': 'name: home-lab\nmicrok8s:\n\tchannel: 1.35/stable\n',
  'bad-indentation': 'name: home-lab\nnodes:\n  - name: rig1\n   address: 10.0.0.101\n',
  'bracket-not-closed': 'name: home-lab\nnodes: [\n  {name: rig1, address: 10.0.0.101}\n',
  'quote-not-closed': 'name: "home-lab\nnodes: []\n',
  'no-colon': 'name home-lab\nnodes: []\n',
  'no-blank-after-colon': 'name:home-lab\nnodes: []\n',
  'two-keys-on-a-line': 'name: home: lab\n',
  'special-character': 'name: @home\n',
  'several-documents': `${GOOD}---\nname: other\n`,
  'unknown-tag': GOOD.replace('home-lab', '!!js/function home-lab'),
  'reference-to-nothing': GOOD.replace('home-lab', '*home'),
  'alias-bomb': `${GOOD}${bomb(9)}`,
  'many-references': `name: &a home-lab\nmore:\n${'  - *a\n'.repeat(1001)}`,
  'merge-key': `name: home-lab\nnodes:\n  - &rig1\n    name: rig1\n    address: 10.0.0.101\n    role: control-plane\n  - <<: *rig1\n    name: rig2\n    address: 10.0.0.102\n`,
  'duplicate-keys': `${GOOD}name: other\n`,
  'proto-key': `${GOOD}__proto__:\n  polluted: true\n`,
  'proto-label': node('labels: { __proto__: x }'),
  'constructor-key': `${GOOD}constructor: x\ntoString: y\n`,
  'byte-order-mark-and-crlf': `\uFEFFnaem: home-lab\r\n${NODES.replaceAll('\n', '\r\n')}    rule: worker\r\n`,
  'byte-order-mark-value': `\uFEFFname: Home\n${NODES}`,
  'control-characters': 'name: "\\e[2J"\nno\u202Ede: 1\n',

  // keys
  'misspelt-keys': `nmae: home-lab\nmicrok8s:\n  chanel: 1.35/stable\n${NODES.replace('address', 'adress')}`,
  'key-of-another-place': `${GOOD}channel: 1.35/stable\nport: 22\n`,
  'unknown-key-in-a-long-line': `name: home-lab\nnodes: [{name: rig1, address: 10.0.0.101, role: control-plane, labels: {a: b, c: d, e: f}, rolle: x, local: false, taints: []}]\n`,
  'key-without-value': `${GOOD}ssh:\n`,
  'missing-keys': 'ssh: {}\nnodes:\n  - role: control-plane\n  -\n',
  'no-machines': 'name: home-lab\nnodes: []\n',

  // types
  'wrong-types': `name: 12\nmicrok8s: 1.35/stable\nssh: [a]\nnodes:\n  - rig1\n  - name: rig2\n    address: 10.0.0.102\n    role: control-plane\n    local: yes\n    labels: {gpu: true, count: 0x10}\n    ssh: {port: "22", user: {a: b}}\n`,
  'switched-on-or-off': `${GOOD}storage: {}\ndatabases: { redis: true, dynamodb: false }\ndevbox:\n  docker: true\ncost: false\nvalues: true\n`,
  'nodes-as-mapping': 'name: home-lab\nnodes:\n  rig1: 10.0.0.101\n',
  'channel-as-number': channel('1.30'),
  'misspelt-values': `${GOOD.replace('control-plane', 'control-plain')}node:\n  sleep: never\n`,
  ports: `${GOOD}    ssh: { port: 0 }\nssh: { port: 65536 }\n`,
  'port-with-fraction': `${GOOD}ssh: { port: 2.5 }\n`,

  // values
  'cluster-name': GOOD.replace('home-lab', 'Home_Lab.'),
  'name-too-long': GOOD.replace('rig1', 'r'.repeat(64)),
  'name-reserved': GOOD.replace('home-lab', 'cluster').replace('rig1', 'lead'),
  'address-host-name': address('rig1.local'),
  'address-ipv6': address('fd00::1'),
  'address-too-big': address('10.0.0.256'),
  'address-leading-zero': address('10.0.0.010'),
  'address-network': address('10.0.0.0/24'),
  'address-port': address('10.0.0.1:22'),
  'address-short': address('"10.0.1"'),
  'address-zero': address('0.0.0.0'),
  'address-loopback': node('local: true').replace('10.0.0.101', '127.0.1.1'),
  'address-link-local': address('169.254.7.7'),
  'address-multicast': address('224.0.0.251'),
  'address-broadcast': address('255.255.255.255'),
  'channel-latest': channel('latest/stable'),
  'channel-risk-alone': channel('edge'),
  'channel-strict': channel('1.35-strict/stable'),
  'channel-no-risk': channel('"1.35"'),
  'channel-misspelt-risk': channel('1.35/stabel'),
  'channel-branch': channel('1.35/stable/fix'),
  'channel-too-old': channel('1.9/stable'),
  'channel-too-new': channel('1.45/stable'),
  'channel-never-was': channel('2.0/stable'),
  labels: node(`labels: { "a b": c, /x: y, ${'p'.repeat(254)}/x: y, ok: "-x", "": z }`),
  taints: node('taints: [{ key: "-", effect: NoShedule }, { key: a }]'),
  'taint-twice': node(
    'taints: [{ key: a, effect: NoSchedule }, { key: a, effect: NoExecute }, { key: a, value: b, effect: NoSchedule }]',
  ),
  ssh: node('ssh: { user: "-oProxyCommand=x", jump: "-x", hostKey: "MD5:00", identityFile: "" }'),
  'jump-port': node('ssh: { jump: "lab@gate:70000" }'),
  'data-dir': `${GOOD}node: { dataDir: data }\n`,
  'data-dir-of-system': `${GOOD}node: { dataDir: /etc/microk8s }\n`,
  'data-dir-root': `${GOOD}node: { dataDir: / }\n`,
  'data-dir-dots': `${GOOD}node: { dataDir: /data/../etc }\n`,
  'storage-section-empty': `${GOOD}storage:\n`,
  'storage-misspelt': `${GOOD}storage: { openEBS: true, defaultClass: openebs }\n`,
  'storage-without-a-class': `${GOOD}storage: { openebs: false }\n`,
  'storage-default-that-nobody-brings': `${GOOD}storage: { defaultClass: nfs-csi }\n`,
  'mayastor-pools': `${GOOD}storage:\n  mayastor:\n    pools:\n      - { node: rig1, disk: /dev/sdb }\n      - { node: rig9, disk: /dev/disk/by-id/ata-A }\n      - { node: rig1, disk: /dev/disk/by-id/ata-B }\n      - { node: rig1, disk: /dev/disk/by-id/ata-B }\n`,
  'mayastor-label': `${node('labels: { openebs.io/engine: other }')}  - { name: rig2, address: 10.0.0.102 }\n  - { name: rig3, address: 10.0.0.103 }\nstorage:\n  mayastor:\n    pools:\n      - { node: rig1, disk: /dev/disk/by-id/ata-A }\n      - { node: rig2, disk: /dev/disk/by-id/ata-B }\n      - { node: rig3, disk: /dev/disk/by-id/ata-C }\n`,
  nfs: `${GOOD}storage: { nfs: { server: "-h", share: "srv nfs" } }\n`,
  gpu: `${GOOD}gpu: { mode: plugin, driver: yes, sharing: 0 }\n`,
  'alerts-half-a-login': `${GOOD}storage: {}\nmonitoring:\n  alerts:\n    email: { to: a@b.example, from: a@b.example, server: c.example:25, password: env:MAIL }\n`,
  'monitoring-without-storage': `${GOOD}monitoring: {}\n`,
  'gpu-driver-that-nobody-brings': `${GOOD}gpu: { mode: device-plugin, driver: operator }\n`,
  'network-range-backwards': `${GOOD}network: { loadBalancer: { from: 10.0.0.220, to: 10.0.0.200 } }\n`,
  'network-range-with-a-machine': `${GOOD}network: { loadBalancer: { from: 10.0.0.100, to: 10.0.0.120 } }\n`,
  'network-range-of-pods': `${GOOD}network: { loadBalancer: { from: 10.0.255.250, to: 10.1.0.9 } }\n`,
  'network-range-of-services': `${GOOD}network: { loadBalancer: { from: 10.152.183.5, to: 10.152.183.9 } }\n`,
  'network-range-elsewhere': `${GOOD}network: { loadBalancer: { from: 192.168.1.200, to: 192.168.1.210 } }\n`,
  'network-nobody-serves': `${node('taints: [{ key: a, effect: NoExecute }]')}network: {}\n`,
  'network-range-with-machines': `${GOOD}  - { name: rig2, address: 10.0.0.102 }\n  - { name: rig3, address: 10.0.0.103 }\nnetwork: { loadBalancer: { from: 10.0.0.100, to: 10.0.0.102 } }\n`,
  'network-range-far-from-many': `${GOOD}${[2, 3, 4, 5].map((i) => `  - { name: rig${i}, address: 10.0.0.10${i} }\n`).join('')}network: { loadBalancer: { from: 192.168.1.200, to: 192.168.1.210 } }\n`,
  'network-domain-local': `${GOOD}network: { domain: local }\n`,
  'network-domain-below-local': `${GOOD}network: { domain: home.local }\n`,
  'alerts-secrets-in-the-file': `${GOOD}storage: {}\nmonitoring:\n  alerts:\n    email: { to: a@b.example, from: c@d.example, server: e.example:587, user: u, password: hunter2 }\n    telegram: { chat: 1, token: hunter2 }\n    ntfy: { url: https://ntfy.sh/x, token: hunter2 }\n    webhook: { url: https://hook.example/x }\n`,
  'network-misspelt': `${GOOD}network: { domain: Lab., loadBalancer: { from: 10.0.0.200 }, tsl: true }\n`,
  'values-of-a-section': `${GOOD}values: { redis: {}, postgres: {}, dynamodb: {} }\ncharts: { monitoring: x.tgz, name: y.tgz }\n`,
  'values-of-an-unknown-chart': `${GOOD}values: { openEBS: {} }\ncharts: { gpuoperator: x.tgz, openebs: "" }\n`,
  'databases-without-storage': `${GOOD}databases: { postgres: {} }\n`,
  'databases-none': `${GOOD}storage: {}\ndatabases: {}\n`,
  'databases-misspelt': `${GOOD}storage: {}\ndatabases: { postgresql: {}, redis: { sizeGi: 0, memoryMi: 1g }, milvus: { atu: true } }\n`,
  'databases-class-that-nobody-brings': `${GOOD}storage: {}\ndatabases: { redis: { storageClass: nfs-csi } }\n`,
  'databases-more-copies-than-machines': `${GOOD}  - { name: rig2, address: 10.0.0.102, taints: [{ key: a, effect: NoSchedule }] }\nstorage: {}\ndatabases: { postgres: { instances: 2 } }\n`,
  'databases-class-that-is-none': `${GOOD}storage: { nfs: { server: 10.0.0.9, share: /srv } }\ndatabases:\n  redis: { storageClass: fast }\n  dynamodb: { storageClass: nfs_csi }\n`,
  'databases-far-more-copies-than-machines': `${GOOD}  - { name: rig2, address: 10.0.0.102 }\nstorage: {}\ndatabases: { postgres: { instances: 4 } }\n`,
  'databases-name': `${GOOD}storage: {}\ndatabases: { postgres: { database: pg_app, extensions: [pgvector] } }\n`,
  'databases-name-taken': `${GOOD}storage: {}\ndatabases: { postgres: { database: public } }\n`,
  'kubeflow-alone': `${GOOD}kubeflow: {}\n`,
  'kubeflow-without-certificates': `${GOOD}storage: {}\nnetwork: { tls: false }\nkubeflow: {}\n`,
  'kubeflow-on-an-unfit-track': `${channel('1.32/stable')}storage: {}\nnetwork: {}\nkubeflow: {}\n`,
  'kubeflow-component-of-a-newer-release': `${channel('1.34/stable')}storage: {}\nnetwork: {}\nkubeflow: { components: [pipelines, registry, tensorboard] }\n`,
  'kubeflow-components-misspelt': `${GOOD}storage: {}\nnetwork: {}\nkubeflow: { components: minimum }\n`,
  'kubeflow-components-listed-misspelt': `${GOOD}storage: {}\nnetwork: {}\nkubeflow: { components: [pipeline, full] }\n`,
  'kubeflow-components-twice': `${GOOD}storage: {}\nnetwork: {}\nkubeflow:\n  components: [minimal, pipelines, spark, pipelines]\n  users: [{ name: anna, password: x }]\n`,
  'kubeflow-components-none': `${GOOD}storage: {}\nnetwork: {}\nkubeflow: { components: [], users: [], source: "" }\n`,
  'kubeflow-components-as-keys': `${GOOD}storage: {}\nnetwork: {}\nkubeflow: { components: { pipelines: true } }\n`,
  'kubeflow-users': `${GOOD}storage: {}\nnetwork: {}\nkubeflow:\n  users:\n    - { name: Anna, email: anna, gpu: 1 }\n    - { name: system, cpu: 0, memoryGi: 8Gi, gpus: -1 }\n`,
  'kubeflow-users-twice': `${GOOD}storage: {}\nnetwork: {}\nkubeflow:\n  users:\n    - { name: anna, email: a@home.lab }\n    - { name: anna, email: a@home.lab }\n    - { name: ben, email: Carl@lab }\n    - { name: carl }\n    - { name: carl }\n`,
  'devbox-without-user': `${GOOD}devbox: { docker: {} }\n`,
  'devbox-of-root': `${GOOD}devbox: { user: root }\n`,
  'devbox-of-who-logs-in-as-root': `${GOOD}devbox: { host: root@10.0.0.50 }\n`,
  'devbox-on-a-machine-that-is-not-there': `${GOOD}devbox: { host: rig2 }\n`,
  'devbox-is-a-machine-of-the-cluster': `${GOOD}devbox: { host: anna@10.0.0.101 }\n`,
  'devbox-misspelt': `${GOOD}devbox: { host: anna@, user: 1anna, vscode: { extensions: [python] }, git: { name: "" }, dockre: {} }\n`,

  // all machines together
  'no-control-plane': 'name: home-lab\nnodes:\n  - name: rig1\n    address: 10.0.0.101\n',
  'same-name': `${GOOD}  - name: rig1\n    address: 10.0.0.102\n`,
  'same-address': `${GOOD}  - name: rig2\n    address: 10.0.0.101\n`,
  'two-local': `${node('local: true')}  - name: rig2\n    address: 10.0.0.102\n    local: true\n`,
  'everything-at-once': `nmae: home-lab\nmicrok8s: {channel: latest/stable}\nnodes:\n  - {name: rig1, address: 10.0.0.1}\n  - {name: rig1, address: 10.0.0.1, role: contol-plane, ssh: {port: 99999}}\n`,
  'cost-without-monitoring': `${GOOD}cost: {}\n`,
  'cost-numbers': `${GOOD}storage: {}\nmonitoring: {}\ncost:\n  kilowattHour: 0,30\n  watts:\n    rig1: lots\n`,
  'cost-numbers-in-quotes': `${GOOD}storage: {}\nmonitoring: {}\ncost:\n  kilowattHour: "0.30"\n  watts: { rig1: 20000 }\n`,
  'cost-watts': `${GOOD}storage: {}\nmonitoring: {}\ncost: { kilowattHour: 30, watts: { rig1: 85, rig9: 20 }, currency: SEK }\n`,
};
