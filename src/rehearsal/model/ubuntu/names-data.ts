import { fault, type Site } from './site.ts';

/** Names of the internet that a simulated machine can resolve, with what a plain GET of `/` answers. */
const INTERNET: Readonly<Record<string, { address: string; status: number }>> = {
  'archive.ubuntu.com': { address: '185.125.190.81', status: 200 },
  'security.ubuntu.com': { address: '185.125.190.83', status: 200 },
  'ubuntu.com': { address: '185.125.190.21', status: 200 },
  'api.snapcraft.io': { address: '185.125.188.54', status: 200 },
  'snapcraft.io': { address: '185.125.188.57', status: 200 },
  'docker.io': { address: '44.208.254.194', status: 200 },
  'registry-1.docker.io': { address: '98.85.153.80', status: 401 },
  'auth.docker.io': { address: '98.85.153.81', status: 200 },
  'production.cloudflare.docker.com': { address: '104.16.97.215', status: 200 },
  'registry.k8s.io': { address: '34.96.108.209', status: 200 },
  'ghcr.io': { address: '140.82.121.33', status: 401 },
  'quay.io': { address: '54.210.127.158', status: 401 },
  'nvcr.io': { address: '52.25.153.242', status: 401 },
  'gcr.io': { address: '142.250.102.82', status: 200 },
  'github.com': { address: '140.82.121.3', status: 200 },
  'raw.githubusercontent.com': { address: '185.199.108.133', status: 200 },
  'charts.jetstack.io': { address: '104.18.10.20', status: 200 },
  'helm.ngc.nvidia.com': { address: '34.215.12.77', status: 200 },
  'prometheus-community.github.io': { address: '185.199.108.153', status: 200 },
  'openebs.github.io': { address: '185.199.109.153', status: 200 },
  'opencost.github.io': { address: '185.199.108.153', status: 200 },
  'cloudnative-pg.github.io': { address: '185.199.109.153', status: 200 },
  'zilliztech.github.io': { address: '185.199.111.153', status: 200 },
  'valkey.io': { address: '151.101.1.91', status: 200 },
  'nvidia.github.io': { address: '185.199.110.153', status: 200 },
  'ntp.ubuntu.com': { address: '185.125.190.57', status: 200 },
  'download.docker.com': { address: '18.66.147.22', status: 200 },
  'cli.github.com': { address: '185.199.108.153', status: 200 },
  'packages.microsoft.com': { address: '13.107.246.60', status: 200 },
  'get.helm.sh': { address: '152.199.21.175', status: 200 },
  'dl.k8s.io': { address: '34.107.204.206', status: 200 },
  'example.com': { address: '23.192.228.80', status: 200 },
  'google.com': { address: '142.250.185.78', status: 200 },
  'one.one.one.one': { address: '1.1.1.1', status: 200 },
};

/** Whether the machine's name servers answer. */
export function canResolve(site: Pick<Site, 'rig'>): boolean {
  return fault(site, 'nodns') === undefined;
}

/** What DNS says; /etc/hosts is not looked at. */
export function resolveByDns(site: Pick<Site, 'rig'>, name: string): string | undefined {
  return canResolve(site) ? INTERNET[name.toLowerCase()]?.address : undefined;
}

/** HTTP status of a server of the internet, by name. */
export function internetStatus(name: string): number | undefined {
  return INTERNET[name.toLowerCase()]?.status;
}

export function isInternetAddress(address: string): boolean {
  return address === '8.8.8.8' || Object.values(INTERNET).some((server) => server.address === address);
}

/** Addresses of a name by the rig's /etc/hosts, in the order of the file. */
export function hostsEntries(site: Pick<Site, 'files'>, name: string): { address: string; names: string[] }[] {
  return (site.files.read('/etc/hosts') ?? '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter(([, ...names]) => names.some((n) => n.toLowerCase() === name.toLowerCase()))
    .map(([address = '', ...names]) => ({ address, names }));
}

/** The IPv4 address that programs get for a name: /etc/hosts, then the machine's own name, then DNS. */
export function resolve(site: Pick<Site, 'rig' | 'files'>, name: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return name;
  const own = site.files.read('/etc/hostname')?.trim();
  const listed = hostsEntries(site, name).find(({ address }) => !address.includes(':'));
  return listed?.address ?? (name === own ? site.rig.address : resolveByDns(site, name));
}
