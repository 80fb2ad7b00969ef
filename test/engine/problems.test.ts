import { expect, it } from 'vitest';
import { changeFailed, neverReady, notStarted, tookTooLong, undone } from '../../src/engine/problems.ts';
import type { Id } from '../../src/engine/types.ts';

it('says why a change failed, and what to type, when its last words are known', () => {
  const tail = ['release a', "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service"];
  const problem = changeFailed('gpu/driver@rig4', 1, tail, []);
  expect(problem.why).toContain('Secure Boot is on');
  expect(problem.next[0]).toContain('mlk8s up takes the signed modules');
  expect(problem.next.at(-1)).toContain('mlk8s logs');
});

it('names the machine in what to type', () => {
  const tail = ['error: snap "microk8s" has "refresh-snap" change in progress'];
  expect(changeFailed('microk8s/snap@rig2', 1, tail, []).next[0]).toMatch(/^on rig2: snap changes/);
  expect(changeFailed('microk8s/rbac@cluster', 1, tail, []).next[0]).toMatch(/^on a control plane: snap changes/);
});

it('points at the output when nothing in it is known', () => {
  expect(changeFailed('node/a@rig1', 2, ['it did not work'], []).why).toBe('see the last lines of its own output');
  expect(changeFailed('node/a@rig1', -1, [], []).seen).toBe('the job was interrupted before its end');
});

it('takes a disk that is full for the cause, whatever was said', () => {
  const problem = changeFailed('node/a@rig1', 1, ['cannot re-use a name that is still in use'], ['/var']);
  expect(problem).toMatchObject({ why: 'the disk of that machine at /var is full' });
});

it('knows what keeps a job from being started', () => {
  const said = 'cannot create folder: Read-only file system';
  expect(notStarted('node/a@rig1', 'rig1', said).why).toContain('can only be read');
});

it('knows why pods that are waited for do not come, or sends to the doctor', () => {
  const pods = 'Deployment kubeflow/dashboard has 0 of 1 ready';
  const reason =
    'CrashLoopBackOff: back-off 5m0s restarting failed container=istio-validation pod=dashboard-1_kubeflow(3a)';
  const known = tookTooLong('kubeflow/dashboard@cluster', `${pods} (${reason})`, 900);
  expect(known.why).toContain('before Istio was in the network of pods');
  expect(known.next[0]).toMatch(/^microk8s kubectl -n kubeflow delete pod dashboard-1 /);
  const claims = 'Deployment kubeflow/mysql has 0 of 1 ready (pod has unbound immediate PersistentVolumeClaims)';
  const late = tookTooLong('kubeflow/pipelines@cluster', `StatefulSet auth/a has 0 of 1 ready, ${claims}`, 900);
  expect(late.next[0]).toMatch(/^microk8s kubectl -n kubeflow get pvc /);
  const unknown = tookTooLong('kubeflow/dashboard@cluster', pods, 900);
  expect(unknown.why).toBe('the machine is slow, or what it waits for does not come');
  for (const { next } of [known, unknown]) expect(next.at(-1)).toMatch(/^mlk8s doctor {3}/);
});

it('names a few of many changes, and counts the others', () => {
  const ids = Array.from({ length: 60 }, (_, i): Id => `node/a${i}@rig1`);
  expect(undone('node/a@rig1', 'gone', ids).why).toMatch(
    /: node\/a0@rig1, node\/a1@rig1, node\/a2@rig1 … and 57 more$/,
  );
  expect(undone('node/a@rig1', 'gone', ids.slice(0, 3)).why).toMatch(/, node\/a2@rig1$/);
  expect(neverReady('node/a@rig1', 'gone', ids).seen).toMatch(/ node\/a2@rig1 … and 57 more$/);
});
