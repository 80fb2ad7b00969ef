import { expect, it } from 'vitest';
import type { Cluster } from '../../src/config/schema.ts';
import { costAsks } from '../../src/cost/asks.ts';
import type { Ask, Declared, Recorded } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { doctorAsks } from '../../src/health/asks.ts';
import { kinds } from '../../src/resources/index.ts';
import { steps } from '../../src/steps/index.ts';
import { checks } from '../../src/steps/preflight/index.ts';
import { cluster, node } from '../resources/world.ts';

const nodes = [
  node('rig1', { role: 'control-plane', local: true }),
  node('rig2', {
    role: 'control-plane',
    labels: { disk: 'fast' },
    taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }],
  }),
  node('rig3'),
];
const nfs = { server: 'nas.lan', share: '/srv/nfs' };
const file = cluster(nodes, { storage: { openebs: true, hostpath: true, nfs, registry: { sizeGi: 40 } } });

const gpu = (mode: 'operator' | 'device-plugin') => ({ ...file, gpu: { mode, driver: 'host' as const, sharing: 2 } });
const pools = ['rig1', 'rig2', 'rig3'].map((name) => ({ node: name, disk: `/dev/disk/by-id/ata-${name}` }));
const disks = { ...file, storage: { openebs: true, hostpath: false, mayastor: { pools } } };
const stores: Cluster['databases'] = {
  redis: { sizeGi: 4, memoryMi: 512, commander: true },
  milvus: { sizeGi: 50, memoryMi: 4096, attu: true },
  dynamodb: { sizeGi: 5 },
};
const devbox: NonNullable<Cluster['devbox']> = {
  ...{ host: 'anna@10.0.0.50', kubectl: true, helm: true, k9s: true, headlamp: true, docker: { group: true } },
  ...{ git: { name: 'Anna', email: 'anna@example.org' }, vscode: { extensions: ['ms-python.python'] } },
  ...{ gh: true, gitLfs: true, dbeaver: true, miniforge: true, uv: true, terminalTitle: true, xrdp: true },
};
const more = [
  { ...file, databases: stores },
  { ...file, devbox },
];
const files = [file, gpu('operator'), gpu('device-plugin'), disks, ...more];
const resources = files.flatMap((it) => steps.flatMap((step) => step.resources(it)));
const recordOf = (it: Declared): Recorded => ({ ...it, origin: 'created', state: 'done' });

const asks: readonly Ask[] = [
  ...resources.flatMap((it) => kinds[it.kind]?.asks(it) ?? []),
  ...resources.flatMap((it) => undoing(kinds)[it.kind]?.asks(recordOf(it)) ?? []),
  ...doctorAsks(file.nodes.map((it) => it.name)),
  ...costAsks(
    { ...file, cost: { opencost: true, currency: 'EUR', kilowattHour: 0.3, watts: {} } },
    file.nodes.map((it) => it.name),
  ),
  ...checks.flatMap((check) => file.nodes.flatMap((it) => check.asks(file, it.name))),
];
const scripts = [...new Map(asks.map((ask) => [ask.sh.bash, ask])).values()].map(
  (ask) => [ask.key, ask.sh.bash] as const,
);

/**
 * What a simulated machine has or fakes. A machine that is no Raspberry Pi has nothing at the two paths in /boot, and
 * neither has a simulated one. No simulated machine counts the energy of its processor.
 */
const READABLE =
  /^\/(etc|var|home|run|root|snap|data|opt|usr\/local)\b|^\/proc\/(meminfo|cpuinfo|mounts|sys\/kernel\/random\/boot_id)$|^\/sys\/(bus\/pci|class\/(net|dmi|powercap)|fs\/cgroup|firmware|module)\b|^\/boot\/(firmware\/)?cmdline\.txt$|^\/dev\/(null$|disk\/by-id\/)/;

const CHANGES = [
  /(^|[\s;&|(])(apt-get|apt|dpkg --configure|update-grub|usermod|groupadd|adduser|reboot|shutdown|poweroff|swapoff)(\s|$)/m,
  /(^|[\s;&|(])(rm|mv|cp|ln|tee|install|mkdir|touch|chmod|chown|truncate|dd|kill|pkill|mount|umount)\s/m,
  /\b(systemctl|service) (start|stop|restart|reload|enable|disable|mask|unmask|kill|daemon-reload|set-default|edit)\b/,
  /\bmodprobe (?!--show-depends)|\bsysctl -[pw]|\bsysctl --system|\bsed -i|\bperl -i/,
  /\b(hostnamectl|timedatectl) set-|\bufw (allow|deny|default|delete|enable|disable|reset|route|--force)/,
  /\bsnap (install|remove|refresh|revert|set|start|stop|restart|enable|disable)\b(?! --time)/,
  /\bkubectl [^|;]*\b(apply|create|delete|patch|label|annotate|taint|drain|cordon|scale|replace|edit)\b/,
  /\bmicrok8s (join|leave|add-node|remove-node|start|stop|reset|enable|disable|refresh-certs)\b/,
];

it('asks something', () => expect(scripts.length).toBeGreaterThan(20));

it.each(scripts)('reads only where a simulated machine has something: %s', (_, script) => {
  // No file: addresses, where programs are looked for, what sed puts before a line.
  const words = script.replace(/--raw '?\/\S+|https:\/\/\S+|\bPATH=\S+|s\/\^\/\w+ \//g, '');
  const paths = words.match(/(?<![\w.$"}%*\])])\/[A-Za-z][\w.-][\w./-]*/g) ?? [];
  expect(paths.filter((path) => !READABLE.test(path))).toEqual([]);
});

it.each(scripts)('changes nothing: %s', (_, script) => {
  for (const change of CHANGES) expect(script).not.toMatch(change);
  expect(script.replace(/\d?>\/dev\/null|2>&1|>&2/g, '')).not.toMatch(/>/);
});

it('asks one thing by one key', () => {
  const byKey = new Map<string, string>();
  for (const ask of asks) {
    const place = `${JSON.stringify(ask.on)} ${ask.key}`;
    expect(byKey.get(place) ?? ask.sh.bash).toBe(ask.sh.bash);
    byKey.set(place, ask.sh.bash);
  }
});
