import type { Site } from './site.ts';

const OWN = '/etc/sysctl.d/10-microk8s.conf';
const WANTED: Record<string, number> = {
  'fs.aio-max-nr': 1_048_576,
  'fs.inotify.max_user_instances': 1024,
  'fs.inotify.max_user_watches': 1_048_576,
};

/**
 * What the start of k8s-dqlite does (sheet 3, 10-microk8s.conf): a key is appended only when no file has it, without
 * blanks, at least as large; then every file is loaded, which undoes what was set by `sysctl -w` alone.
 */
export function tuneInotify(site: Site): void {
  const { rig, files } = site;
  const missing = Object.entries(WANTED).filter(
    ([key, least]) => !settings(site).some((s) => s.startsWith(`${key}=`) && Number(s.slice(key.length + 1)) >= least),
  );
  if (missing.length === 0) return;
  const lines = missing.map(([key, value]) => `${key}=${value}\n`).join('');
  files.write(OWN, `${files.read(OWN) ?? ''}${lines}`);
  for (const line of settings(site)) {
    const [key = '', value = ''] = line.split('=').map((part) => part.trim());
    if (/^[a-z]/.test(key) && value !== '') rig.sysctl[key] = value;
  }
}

/** Lines of all sysctl files in the order in which `sysctl --system` reads them. */
function settings(site: Site): string[] {
  const { files } = site;
  const folders = ['/usr/lib/sysctl.d', '/run/sysctl.d', '/etc/sysctl.d'];
  const byName = new Map<string, string>();
  for (const folder of folders) {
    for (const path of files.list(folder)) {
      const name = path.split('/').at(-1) ?? path;
      if (name.endsWith('.conf')) byName.set(name, `${folder}/${name}`);
    }
  }
  const ordered = [...byName.keys()].sort().map((name) => byName.get(name) ?? '');
  return [...ordered, '/etc/sysctl.conf'].flatMap((path) => (files.read(path) ?? '').split('\n'));
}
