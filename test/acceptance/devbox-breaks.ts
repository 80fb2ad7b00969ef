/** Every tool that a devbox can have, as keys of its section. */
export const ALL_TOOLS = `  headlamp: true
  docker: { group: true }
  git: { name: Anna Example, email: anna@example.com }
  gh: true
  gitLfs: true
  vscode: { extensions: [ms-python.python] }
  dbeaver: true
  miniforge: true
  uv: true
  terminalTitle: true
  xrdp: true
`;

/** How each resource of a devbox that is no member is broken, by its name: a script for that machine. */
export const devboxBreaks: Readonly<Record<string, string>> = {
  'devbox/base': 'apt-get remove -y gpg',
  'devbox/hosts': 'sed -i "/rig1$/d" /etc/hosts',
  'devbox/kubectl': 'snap refresh --unhold kubectl',
  'devbox/helm': 'rm /usr/local/bin/helm',
  'devbox/k9s': 'echo more >>/usr/local/bin/k9s',
  'devbox/headlamp': 'rm /usr/local/bin/headlamp',
  'devbox/headlamp-entry': 'rm /usr/local/share/applications/mlk8s-headlamp.desktop',
  'devbox/kubeconfig': 'sed -i "s/name: lab-admin/name: other/" /home/anna/.kube/config',
  'devbox/docker-source': 'rm /etc/apt/keyrings/mlk8s-docker.gpg',
  'devbox/docker': 'apt-get remove -y docker-compose-plugin',
  'devbox/docker-registry': `echo '{"log-driver":"local"}' >/etc/docker/daemon.json`,
  'devbox/docker-group': 'gpasswd -d anna docker',
  'devbox/gh-source': 'sed -i s/stable/testing/ /etc/apt/sources.list.d/mlk8s-gh.sources',
  'devbox/gh': 'apt-get remove -y gh',
  'devbox/git-lfs': 'apt-get remove -y git-lfs',
  'devbox/vscode-source': 'rm /etc/apt/sources.list.d/mlk8s-vscode.sources',
  'devbox/vscode': 'apt-get remove -y code',
  'devbox/extensions': 'rm -r /home/anna/.vscode/extensions/ms-python.python-*',
  'devbox/dbeaver': 'snap remove dbeaver-ce',
  'devbox/git-identity': 'runuser -u anna -- git config --global --unset user.email',
  'devbox/terminal-title': 'sed -i "/_title=/d" /home/anna/.bashrc',
  'devbox/uv': 'rm /usr/local/bin/uvx',
  'devbox/miniforge': 'rm -r /home/anna/miniforge3',
  'devbox/conda': 'sed -i "/END mlk8s conda/d" /home/anna/.bashrc',
  'devbox/xrdp-session': 'sed -i /unset/d /etc/xrdp/startwm.sh',
  'devbox/xrdp-group': 'gpasswd -d xrdp ssl-cert',
  'devbox/xrdp-service': 'systemctl stop xrdp.service',
  'devbox/xrdp': 'apt-get remove -y xrdp',
  // After all that need snapd.
  'devbox/snapd-package': 'apt-get remove -y snapd',
  // After all that remove something: an interrupted dpkg refuses to.
  'devbox/dpkg': 'mkdir -p /var/lib/dpkg/updates && touch /var/lib/dpkg/updates/0001',
};

/** What cannot be broken without breaking the machine itself, and why. */
export const devboxUnbroken: Readonly<Record<string, string>> = {
  'devbox/anna-at-10.0.0.50': 'a note of the workstation',
  'devbox/ubuntu': 'a check',
  'devbox/snapd': 'a check, tried with the fault unseeded',
  'devbox/git': 'simulated machines always have it',
};
