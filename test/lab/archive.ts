import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { $ } from 'zx';

/** A package of the lab's own archive: the name is Ubuntu's, the contents stand in for it. */
export interface Deb {
  readonly files?: Readonly<Record<string, string>>;
  /** Files that can be run. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly postinst?: string;
}

export const unit = (what: string) => `[Unit]
Description=${what} (stands in for the real one)
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
`;

const ISCSI_NAME = `mkdir -p /etc/iscsi
name=/etc/iscsi/initiatorname.iscsi
[ -e $name ] || echo "InitiatorName=iqn.2004-10.com.ubuntu:01:$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')" >$name`;

/**
 * Installing them is real: apt, dpkg, maintainer scripts, units. What they bring is not: snapd and iscsid cannot run in
 * a container.
 */
export const DEBS: Readonly<Record<string, Deb>> = {
  snapd: {
    files: { '/usr/lib/systemd/system/snapd.service': unit('snapd') },
    links: { '/usr/bin/snap': '/usr/local/sbin/.shim' },
    postinst: 'mkdir -p /snap/bin /var/snap\nsystemctl enable --now snapd.service',
  },
  'open-iscsi': { files: { '/usr/lib/systemd/system/iscsid.service': unit('iscsid') }, postinst: ISCSI_NAME },
  'nfs-common': { files: { '/usr/sbin/mount.nfs': 'stands in for the real one\n' } },
  'ssl-cert': { postinst: 'getent group ssl-cert >/dev/null || groupadd --system ssl-cert' },
  xrdp: {
    files: {
      '/usr/lib/systemd/system/xrdp.service': unit('xrdp'),
      '/usr/lib/systemd/system/xrdp-sesman.service': unit('xrdp-sesman'),
    },
    programs: { '/etc/xrdp/startwm.sh': '#!/bin/sh\n# stands in for the real one\nexec /bin/sh /etc/X11/Xsession\n' },
    postinst: `id xrdp >/dev/null 2>&1 || useradd --system --home-dir /run/xrdp xrdp
systemctl enable --now xrdp.service xrdp-sesman.service`,
  },
  'git-lfs': { programs: { '/usr/bin/git-lfs': '#!/bin/sh\necho git-lfs stands in for the real one\n' } },
  /** There is time to interrupt it. */
  'slow-to-configure': { postinst: 'sleep 30' },
};

/** Newer than all that other packages say they break. */
export const VERSION = '9:9.0';

/** Builds the packages and their index into a folder that apt takes as an archive. Needs dpkg-deb. */
export async function makeArchive(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const entries: string[] = [];
  for (const [name, deb] of Object.entries(DEBS)) entries.push(await buildDeb(folder, name, deb));
  const index = entries.join('\n');
  writeFileSync(join(folder, 'Packages'), index);
  writeFileSync(
    join(folder, 'Release'),
    `Suite: lab\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n ${sum(index)} ${index.length} Packages\n`,
  );
}

/** Builds one package into a folder. Returns its entry in the index of an archive. */
export async function buildDeb(folder: string, name: string, deb: Deb): Promise<string> {
  const tree = join(folder, `.${name}`);
  const control = `Package: ${name}\nVersion: ${VERSION}\nArchitecture: all\nMaintainer: the lab\nDescription: stands in for ${name}\n`;
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
    chmodSync(join(tree, path), mode);
  };
  write('DEBIAN/control', control);
  if (deb.postinst) write('DEBIAN/postinst', `#!/bin/sh\nset -e\n${deb.postinst}\n`, 0o755);
  for (const [path, text] of Object.entries(deb.files ?? {})) write(path, text);
  for (const [path, text] of Object.entries(deb.programs ?? {})) write(path, text, 0o755);
  for (const [path, target] of Object.entries(deb.links ?? {})) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    symlinkSync(target, join(tree, path));
  }
  const file = join(folder, `${name}.deb`);
  await $({ quiet: true })`dpkg-deb --root-owner-group --build ${tree} ${file}`;
  rmSync(tree, { recursive: true });
  return `${control}Filename: ./${name}.deb\nSize: ${statSync(file).size}\nSHA256: ${sum(readFileSync(file))}\n`;
}

export function sum(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
