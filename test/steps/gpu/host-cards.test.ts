import { describe, expect, it } from 'vitest';
import type { Card } from '../../../src/gpu/cards.ts';
import { abilityOf, driversFor, servable } from '../../../src/gpu/catalogue.ts';

const nvidia = (device: string, driver = ''): Card => ({
  slot: '0000:01:00.0',
  vendor: 'NVIDIA',
  device,
  driver,
  model: device,
});
const OPEN = ['595-server-open', '580-server-open'];

describe('NVIDIA cards by their id', () => {
  it.each([
    ['13c2', 'GeForce GTX 970', 'Maxwell', ['580-server']],
    ['1340', 'GeForce 830M, the first of them', 'Maxwell', ['580-server']],
    ['1b80', 'GeForce GTX 1080', 'Pascal', ['580-server']],
    ['15f8', 'Tesla P100', 'Pascal', ['580-server']],
    ['1db1', 'Tesla V100', 'Volta', ['580-server']],
    ['1e02', 'TITAN RTX', 'Turing', OPEN],
    ['2182', 'GeForce GTX 1660 Ti', 'Turing', OPEN],
    ['20b0', 'A100', 'Ampere', OPEN],
    ['2204', 'GeForce RTX 3090', 'Ampere', OPEN],
    ['2684', 'GeForce RTX 4090', 'Ada', OPEN],
    ['2331', 'H100', 'Hopper', OPEN],
    ['2342', 'GH200', 'Grace Hopper', OPEN],
    ['2b85', 'GeForce RTX 5090', 'Blackwell', OPEN],
    ['3182', 'B300', 'Blackwell', OPEN],
    ['3000', 'GR100', 'newer than this mlk8s knows', OPEN],
  ])('%s %s is %s', (device, _, generation, drivers) => {
    expect(abilityOf(nvidia(device))).toMatchObject({ can: true, says: generation });
    expect(driversFor([nvidia(device)])).toEqual(drivers);
  });

  it.each(['0fc6', '1180', '103c', '1287', '0605'])('%s, Kepler or older, is too old', (device) => {
    expect(abilityOf(nvidia(device))).toEqual({ can: false, says: 'too old: no driver of today knows it' });
    expect(servable([nvidia(device)])).toEqual([]);
  });

  it('takes an id between the generations for no graphics card: such are sound, USB and bridges', () => {
    expect(abilityOf(nvidia('22ba'))).toEqual({ can: false, says: 'not known as a graphics card (10de:22ba)' });
  });
});

describe('several cards in one machine', () => {
  it.each([
    ['of one sort', ['2204', '2684'], OPEN],
    ['an old one beside a newer one: the old one decides', ['1b80', '2204'], ['580-server']],
    ['one that needs the open modules decides', ['2204', '2b85'], OPEN],
    ['one that needs the open modules, one that needs the others', ['1b80', '2b85'], []],
  ])('%s', (_, devices, drivers) => {
    expect(driversFor(devices.map((device) => nvidia(device)))).toEqual(drivers);
  });

  it('leaves out what is kept for virtual machines, what is too old and what is not NVIDIA', () => {
    const amd: Card = { ...nvidia('744c'), vendor: 'AMD' };
    const cards = [nvidia('2204', 'nvidia'), nvidia('2204', 'vfio-pci'), nvidia('1180'), amd];
    expect(servable(cards)).toEqual([cards[0]]);
  });
});
