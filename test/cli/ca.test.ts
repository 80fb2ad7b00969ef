import { describe, expect, test } from 'vitest';
import { CLUSTER, freshWorld } from './world.ts';

const world = freshWorld();
const PEM = '-----BEGIN CERTIFICATE-----\nbm8gcmVhbCBvbmU=\n-----END CERTIFICATE-----\n';

describe('ca', () => {
  test.each([
    ['no section network', '', true],
    ['no certificates', 'network:\n  tls: false\n', true],
    ['certificates', 'network: {}\n', false],
  ])('says whether the file still asks for the authority that it prints: %s', async (_, section, isLeft) => {
    world().write('mlk8s.yaml', `${CLUSTER}${section}`);
    world().engine = { authority: async () => PEM };
    const { code, out, said } = await world().mlk8s('ca');
    expect([code, out]).toEqual([0, PEM]);
    const words = said.replace(/\s+/g, ' ');
    expect(words.includes('the cluster file asks for no certificates')).toBe(isLeft);
    expect(words.includes('kubectl --context home-lab -n cert-manager delete secret mlk8s-ca')).toBe(isLeft);
  });
});
