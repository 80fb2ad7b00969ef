import { once } from 'node:events';
import { runOn, type TestSite, toyFile } from './toy.ts';

/** What `look` prints after the power failed right behind `write`. */
export async function afterPowerCut(site: TestSite, write: string, look: string): Promise<string> {
  const hosts = await site.open(toyFile());
  // A machine that was just made has only just written the keys that let us in again.
  await runOn(hosts.node('rig1'), 'sync');
  const done = await runOn(hosts.node('rig1'), write);
  if (done.code !== 0) throw new Error(done.stderr);
  const machine = site.server?.machine('rig1');
  if (!machine) throw new Error('there is no machine');
  machine.emit('fault', 'power');
  await once(machine, 'up');
  await hosts.close();
  const again = await site.open(toyFile());
  const { stdout } = await runOn(again.node('rig1'), look);
  await again.close();
  return stdout;
}
