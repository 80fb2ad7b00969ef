import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../acceptance/user.ts';
import { ProcWatch } from '../security/proc.ts';
import { Lab } from './lab.ts';
import { Operator } from './operator.ts';
import { PASSWORD } from './places.ts';

describe('a first up on real machines, whose sudo wants a password', () => {
  let lab: Lab;
  let run: Run;
  const operator = new Operator();
  // The machines are containers of this computer: it sees all of their processes.
  const seen = new ProcWatch(PASSWORD);
  let tokens: string[] = [];

  beforeAll(async () => {
    lab = await Lab.up(2, { sudo: 'password' });
    operator.file(lab.clusterFile(1));
    operator.env.MLK8S_SUDO_PASSWORD = PASSWORD;
    run = await seen.during(operator.up());
    tokens = [...seen.argv].flatMap((it) => /microk8s(?:\.join)? join \S+?:25000\/(\w{16,})/.exec(it)?.[1] ?? []);
  });
  afterAll(async () => {
    await lab?.down();
    await operator.leave();
  });

  /** Files of a machine that hold one of `texts`, and lines of its journal. The texts go there on standard input. */
  async function holding(texts: readonly string[]): Promise<string[]> {
    const found = await Promise.all(
      lab.machines.map(async (machine) => {
        const places = '/etc /home /root /run /srv /tmp /var /data';
        const script = `texts=$(mktemp /dev/shm/XXXXXX); cat >"$texts" <<'END OF TEXTS'\n${texts.join('\n')}\nEND OF TEXTS
grep -rlsF -D skip -f "$texts" ${places} 2>/dev/null
journalctl --no-pager -a -o verbose 2>/dev/null | grep -cF -f "$texts" | sed 's/^/journal /'
rm "$texts"`;
        const said = await machine.root(script);
        return said
          .trim()
          .split('\n')
          .map((line) => `${machine.name} ${line}`);
      }),
    );
    return found.flat();
  }

  it('came to its end, and was watched', () => {
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
    expect(seen.rounds).toBeGreaterThan(50);
    expect(tokens.length).toBeGreaterThan(0);
  });

  it('had the password in no argument, and in no environment but that of the command itself', () => {
    expect([...seen.argv].filter((it) => it.includes(PASSWORD))).toEqual([]);
    for (const argv of seen.environments) expect(argv).toContain('bin/mlk8s.js up');
  });

  it('left the password nowhere: no file, no journal, no output', async () => {
    expect(run.stdout + run.stderr).not.toContain(PASSWORD);
    expect(await holding([PASSWORD])).toEqual(lab.machines.map(({ name }) => `${name} journal 0`));
  });

  it('used the token as an argument of that join alone, and it ends by itself', async () => {
    for (const argv of seen.argv) {
      if (tokens.some((token) => argv.includes(token))) expect(argv).toMatch(/microk8s(\.join)? join /);
    }
    for (const token of tokens) expect(run.stdout + run.stderr).not.toContain(token);
    expect(await holding(tokens)).toEqual(lab.machines.map(({ name }) => `${name} journal 0`));
    const known = Object.values(lab.world.clusters).flatMap((cluster) => cluster.tokens);
    expect(known.filter(({ expires, ttl }) => expires === null || ttl > 900)).toEqual([]);
  });

  it('would have been found out', async () => {
    const [machine] = lab.machines;
    await machine?.root(`cat >/home/planted <<'END'\n${PASSWORD}\nEND\nlogger </home/planted; journalctl --sync`);
    const found = await holding([PASSWORD]);
    expect(found).toContain('rig1 /home/planted');
    expect(found).not.toContain('rig1 journal 0');
    expect(found).toContain('rig2 journal 0');
  });
});
