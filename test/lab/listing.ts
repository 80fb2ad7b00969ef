/**
 * Of every run its own: logs, caches and lists of apt, what systemd notes of random seeds and timers, and the versions
 * before that the account tools keep.
 */
const PASSING = [
  ...['/proc', '/sys', '/dev', '/run', '/tmp', '/srv', '/usr', '/var/log', '/var/tmp', '/var/cache'],
  ...['/var/lib/apt', '/var/lib/dpkg', '/var/lib/systemd', '/etc/group-', '/etc/gshadow-'],
];

/** Type, mode, owner, path and content of every file that somebody could miss. */
const FIND = `find / \\( ${PASSING.map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o`;
export const LISTING = `${FIND} -printf '%y %m %u:%g %p %l\\n' | sort -k 4; ${FIND} -type f -print0 | sort -z | xargs -0 sha256sum`;
