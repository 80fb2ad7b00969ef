/**
 * Runs as the first process of a machine's namespaces and becomes systemd-nspawn. Words: folder of the machine, base
 * tree, control group, name, MiB of a small disk or 0.
 */
export const INSIDE = `set -e
folder=$1 base=$2 cgroup=$3 name=$4 mib=$5
mount --make-rprivate /
disk=$folder/disk
mkdir -p "$disk"
[ "$mib" = 0 ] || mount -t tmpfs -o "size=\${mib}m" none "$disk"
mkdir -p "$disk/work"
[ -e "$disk/upper" ] || cp -a "$folder/own" "$disk/upper"
mount -t overlay -o lowerdir="$base",upperdir="$disk/upper",workdir="$disk/work" overlay "$folder/root"
# Its own control group in every hierarchy, or the machines would share one. A new cpuset has no processor.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  case $hierarchy in */cpuset) continue ;; esac
  [ -e "$hierarchy/cgroup.procs" ] || continue
  mkdir -p "$hierarchy/$cgroup/$name"
  echo 0 >"$hierarchy/$cgroup/$name/cgroup.procs"
done
until [ -e "$folder/wired" ]; do sleep 0.01; done
rm "$folder/wired"
exec systemd-nspawn --quiet --boot --directory="$folder/root" --register=no --keep-unit --settings=no --link-journal=no \\
  --resolv-conf=off --timezone=off --console=pipe --network-namespace-path=/proc/self/ns/net \\
  --bind="$folder/model":/dev/mlk8s-model`;

/** Shows what a machine with control groups of version 2 shows, where this computer has only those of version 1. */
export const MEMORY_CGROUP = `set -e
file=/sys/fs/cgroup/cgroup.controllers
until mountpoint -q /sys/fs/cgroup; do sleep 0.01; done
[ ! -e "$file" ] || exit 0
# systemd makes it read-only once more while it starts.
until { mount -o remount,rw /sys/fs/cgroup && echo 'cpuset cpu io memory pids' >"$file"; } 2>/dev/null; do
  [ "$SECONDS" -lt 30 ]
  sleep 0.01
done
mount -o remount,ro /sys/fs/cgroup`;

/** Makes the services of snaps real units that sleep. Standard input: name, active, enabled, a line each. */
export const SETTLE_UNITS = `set -e
cd /etc/systemd/system
wanted=$(cat)
for file in snap.*.service; do
  [ -e "$file" ] || continue
  grep -q "^$file " <<<"$wanted" && continue
  systemctl -q disable --now "$file"
  rm -f "$file"
done
text='[Unit]
Description=a service of a snap (simulated)
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target'
while read -r name _; do
  [ -z "$name" ] || [ -e "$name" ] || echo "$text" >"$name"
done <<<"$wanted"
systemctl daemon-reload
while read -r name active enabled; do
  [ -n "$name" ] || continue
  if [ "$enabled" = enabled ]; then systemctl -q enable "$name"; else systemctl -q disable "$name"; fi
  if [ "$active" = active ]; then systemctl start "$name"; else systemctl stop "$name"; fi
done <<<"$wanted"`;
