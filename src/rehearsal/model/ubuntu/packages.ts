import { SHIM } from '../../shim.ts';
import { addSystemUser, groupFile } from './accounts.ts';
import { archive } from './archive.ts';
import { fault, hexId, type Site, spend } from './site.ts';
import { ANSWERS } from './stand-ins.ts';

/** dpkg's mark of an interrupted run: files with names of digits (sheet gpu-and-nodes 6.1). */
export const UPDATES = '/var/lib/dpkg/updates';
/** Where programs of packages go: the machine's /usr/bin is not its own. */
const PROGRAMS = '/usr/local/bin';
export const FRONTEND_LOCK = '/var/lib/dpkg/lock-frontend';

export function isInterrupted(site: Pick<Site, 'files'>): boolean {
  return site.files.list(UPDATES).some((name) => /^\d+$/.test(name));
}

/** Who holds the dpkg lock now. */
export function lockHolder(site: Pick<Site, 'rig' | 'now'>): { by: string; pid: number } | undefined {
  const lock = site.rig.dpkgLock;
  return lock && lock.until > site.now() ? lock : undefined;
}

/** Turns faults that were asked for into what they look like on the machine. */
export function applyPackageFaults(site: Site): void {
  const seconds = fault(site, 'aptlock');
  if (seconds !== undefined) {
    site.rig.dpkgLock = { by: 'unattended-upgr', pid: 3786, until: site.now() + Number(seconds) * 1000 };
    spend(site, 'aptlock');
  }
  if (fault(site, 'dpkg-interrupted') !== undefined) {
    const broken = site.rig.packages['man-db'];
    if (broken) broken.state = 'half-configured';
    site.files.write(`${UPDATES}/0000`, '');
    spend(site, 'dpkg-interrupted');
  }
}

/** The packages with everything that they depend on and that is not installed, dependencies first. */
export function closure(site: Pick<Site, 'rig'>, names: readonly string[]): string[] {
  const offered = archive(site.rig);
  const found = new Set<string>();
  const visit = (name: string) => {
    const state = site.rig.packages[name]?.state;
    // apt takes a half installed one for there, and leaves it as it is.
    if (found.has(name) || state === 'installed' || state === 'half-installed') return;
    for (const dependency of offered[name]?.depends ?? []) visit(dependency);
    found.add(name);
  };
  for (const name of names) visit(name);
  return [...found];
}

/** Begins to unpack: from here until it is configured, an end of dpkg leaves an interrupted machine. */
export function unpack(site: Site, name: string): void {
  site.files.write(`${UPDATES}/0000`, '');
  site.rig.packages[name] = { version: archive(site.rig)[name]?.version ?? '1', state: 'half-installed' };
  site.changed();
}

/** All its files are there. */
export function unpacked(site: Site, name: string): void {
  const begun = site.rig.packages[name];
  if (begun) begun.state = 'unpacked';
  site.changed();
}

/** Configures an unpacked package: brings what it has. */
export function configure(site: Site, name: string): void {
  const installed = site.rig.packages[name];
  if (!installed) return;
  const deb = archive(site.rig)[name];
  installed.state = 'installed';
  for (const [unit, state] of Object.entries(deb?.units ?? {})) site.rig.units[unit] ??= { ...state };
  for (const program of deb?.programs ?? []) site.files.link(SHIM, `${PROGRAMS}/${program}`);
  for (const group of deb?.groups ?? []) groupFile(site.files).add(group, { isSystem: true });
  for (const user of deb?.users ?? []) addSystemUser(site.files, user);
  if (name === 'open-iscsi' && !site.files.exists('/etc/iscsi/initiatorname.iscsi')) {
    const iqn = `iqn.2004-10.com.ubuntu:01:${hexId(site, 12)}`;
    site.files.write('/etc/iscsi/initiatorname.iscsi', `InitiatorName=${iqn}\n`, 0o600);
  }
  if (name === 'code') writeOwnSource(site);
  if (name === 'xrdp' && !site.files.exists('/etc/xrdp/startwm.sh')) {
    site.files.write('/etc/xrdp/startwm.sh', STARTWM, 0o755);
  }
  site.changed();
}

/** Takes a package away; without `purge` its configuration stays, and dpkg lists it as `rc`. */
export function removePackage(site: Site, name: string, purge: boolean): void {
  const deb = archive(site.rig)[name];
  for (const unit of Object.keys(deb?.units ?? {})) delete site.rig.units[unit];
  for (const program of deb?.programs ?? []) site.files.remove(`${PROGRAMS}/${program}`);
  const installed = site.rig.packages[name];
  if (purge || !installed) delete site.rig.packages[name];
  else installed.state = 'config-files';
  if (name === 'open-iscsi' && purge) site.files.remove('/etc/iscsi/initiatorname.iscsi');
  site.changed();
}

/** `dpkg --configure -a`: the names of what it configured. */
export function configureAll(site: Site): string[] {
  const open = Object.entries(site.rig.packages).filter(([, p]) => ['half-configured', 'unpacked'].includes(p.state));
  for (const [name] of open) configure(site, name);
  for (const name of site.files.list(UPDATES)) site.files.remove(`${UPDATES}/${name}`);
  return open.map(([name]) => name);
}

/** The package of VS Code lets apt know its archive, unless debconf was told otherwise. */
function writeOwnSource({ files }: Site): void {
  if (files.read(ANSWERS)?.includes('code code/add-microsoft-repo boolean false')) return;
  const fields = [
    'Types: deb',
    'URIs: https://packages.microsoft.com/repos/code',
    'Suites: stable',
    'Components: main',
  ];
  const text = [...fields, 'Signed-By: /usr/share/keyrings/microsoft.gpg', ''].join('\n');
  files.write('/etc/apt/sources.list.d/vscode.sources', text, 0o644);
}

/** What xrdp ships; the guide adds two lines before the session (sheet gpu-and-nodes 6, xrdp). */
const STARTWM = `#!/bin/sh
# xrdp X session start script (c) 2015, 2017, 2021 mirabilos
if test -r /etc/profile; then
	. /etc/profile
fi
if test -r ~/.profile; then
	. ~/.profile
fi
test -x /etc/X11/Xsession && exec /etc/X11/Xsession
exec /bin/sh /etc/X11/Xsession
`;
