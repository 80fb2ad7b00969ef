import type { RigState } from '../state.ts';

const ALWAYS = ['cluster-agent', 'containerd', 'kubelite'];
const BY_ROLE = { 'control-plane': ['apiserver-kicker', 'k8s-dqlite'], worker: ['apiserver-proxy'] };

/** Which services of the snap run on a node of this role (sheet 1.3, 2.3). */
export function unitsOf(rig: RigState, role: 'control-plane' | 'worker', now: number): void {
  const wanted = [...ALWAYS, ...BY_ROLE[role]];
  for (const daemon of [...ALWAYS, ...BY_ROLE['control-plane'], ...BY_ROLE.worker]) {
    const name = `snap.microk8s.daemon-${daemon}.service`;
    const on = wanted.includes(daemon);
    rig.units[name] = { active: on ? 'active' : 'inactive', enabled: on ? 'enabled' : 'disabled', since: now };
  }
}

/** `microk8s stop`, and leaving nothing running. */
export function stopUnits(rig: RigState, now: number): void {
  for (const [name, unit] of Object.entries(rig.units)) {
    if (name.startsWith('snap.microk8s.'))
      rig.units[name] = { ...unit, active: 'inactive', enabled: 'disabled', since: now };
  }
}
