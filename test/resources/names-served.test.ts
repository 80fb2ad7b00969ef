import { expect, it } from 'vitest';
import type { Verdict } from '../../src/engine/types.ts';
import { namesServed, namesServedKind } from '../../src/resources/names-served.ts';
import { answersTo, type Told, worldOf } from './world.ts';

const BOTH = ['https://grafana.lab', 'https://db.lab'];
const served = (urls: readonly string[]) =>
  namesServed({
    ...{ id: 'network/served@cluster', on: 'cluster', needs: [], urls },
    addresses: ['10.0.0.1', '10.0.0.2'],
  });

function judged(urls: readonly string[], told: Told): Verdict {
  const answers = answersTo(namesServedKind.asks(served(urls)), [told]);
  return namesServedKind.judge(served(urls), { ...worldOf({ answers }), identity: 'X', lead: 'rig1' });
}

it.each<[when: string, urls: readonly string[], told: string, verdict: string, because: string]>([
  [
    'all are served, also to strangers who shall log in',
    BOTH,
    'https://db.lab\t0\t401\nhttps://grafana.lab\t0\t302\n',
    'ok',
    'https://grafana.lab, https://db.lab: served, signed by the authority of the cluster',
  ],
  [
    'there is no certificate to be sure of',
    ['http://db.lab'],
    'http://db.lab\t0\t200\n',
    'ok',
    'http://db.lab: served',
  ],
  [
    'one has the certificate that the ingress makes for names it does not know',
    BOTH,
    'https://grafana.lab\t60\tcurl: (60) SSL certificate problem: unable to get local issuer certificate\nhttps://db.lab\t0\t200\n',
    'settling',
    'https://grafana.lab: its certificate is not signed by the authority of the cluster',
  ],
  [
    'one is not known, and nobody is behind the other',
    BOTH,
    'https://grafana.lab\t0\t404\nhttps://db.lab\t0\t503\n',
    'settling',
    'https://grafana.lab: the ingress does not know the name, or nobody is behind it (404); https://db.lab: nobody answers behind the name (503)',
  ],
  [
    'no machine lets anybody in, and one was not asked in time',
    BOTH,
    'https://grafana.lab\t7\tcurl: (7) Failed to connect to grafana.lab port 443\n',
    'settling',
    'https://grafana.lab: curl: (7) Failed to connect to grafana.lab port 443; https://db.lab: it was not asked',
  ],
])('when %s', (_, urls, told, verdict, because) => {
  expect(judged(urls, told)).toMatchObject({ verdict, because });
});

it.each(['timeout', 'unreachable'] as const)('concludes nothing from %s', (kind) => {
  expect(judged(BOTH, { kind })).toMatchObject({ verdict: 'refused' });
});

it('asks every name at all machines, by its own port', () => {
  const [ask] = namesServedKind.asks(served([...BOTH, 'http://db.lab']));
  expect(ask?.sh.bash.split('\n').filter((line) => line.startsWith('look http'))).toEqual([
    'look https://grafana.lab grafana.lab:443:10.0.0.1,10.0.0.2 &',
    'look https://db.lab db.lab:443:10.0.0.1,10.0.0.2 &',
    'look http://db.lab db.lab:80:10.0.0.1,10.0.0.2 &',
  ]);
});
