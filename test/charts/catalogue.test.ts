import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Chart, chartOf, misfit, parseCatalogue, pinned } from '../../src/charts/catalogue.ts';
import { CHARTS } from '../../src/charts/keys.ts';
import { templatePath } from '../../src/templates.ts';

const yaml = readFileSync(templatePath('charts.yaml'), 'utf8');

describe('charts.yaml', () => {
  it('pins what is installed', () => {
    const pins = Object.entries(pinned().charts).map(([key, it]) => `${key} ${it.version}`);
    expect(pins).toEqual([
      'cert-manager v1.20.2',
      'openebs 4.6.1',
      'csi-driver-nfs v4.13.6',
      'gpu-operator v26.7.0',
      'nvidia-device-plugin 0.20.0',
      'dcgm-exporter 4.8.2',
      'prometheus-operator-crds 31.0.1',
      'kube-prometheus-stack 88.5.3',
      'prometheus-pushgateway 3.8.0',
      'prometheus-blackbox-exporter 11.17.2',
      'opencost 2.5.34',
      'cloudnative-pg 0.29.0',
      'valkey 0.11.0',
      'milvus 5.0.19',
    ]);
    expect(Object.values(pinned().images).map((it) => it.image)).toEqual([
      'registry:2.8.3',
      'busybox:1.28.4',
      'nvcr.io/nvidia/k8s/cuda-sample:vectoradd-cuda12.5.0',
      'ghcr.io/kubeflow/kubeflow/notebook-servers/jupyter-scipy:v1.11.0',
      'ghcr.io/joeferner/redis-commander:0.9.1',
      'valkey/valkey:9.1.1',
      'milvusdb/milvus:v2.6.15',
      'zilliz/attu:v2.5.3',
      'amazon/dynamodb-local:3.3.0',
      'ghcr.io/cloudnative-pg/postgis:18.6-3.6.2-system-trixie',
    ]);
  });

  it('is the list that the cluster file knows', () => {
    expect(Object.keys(pinned().charts)).toEqual([...CHARTS]);
  });

  it('has only charts that fit the channel that a file without one gets', () => {
    for (const chart of Object.values(pinned().charts)) expect(misfit(chart, '1.35/stable')).toBeUndefined();
  });

  it.each([
    ['a version that is no single one', 'version: 4.6.1', 'version: ^4.6.1'],
    ['two places to fetch from', 'tracks: { from: ', 'oci: oci://x/y\n    tracks: { from: '],
    ['no place to fetch from', 'repo: https://openebs.github.io/openebs\n', '\n'],
    ['no source', 'source: gpu-and-nodes 1.1, platform 2 and 3', ''],
    ['a track that is a number', "from: '1.23'", 'from: 1.23'],
    ['a word that nobody knows', 'chart: openebs\n', 'chart: openebs\n    color: red\n'],
    ['an image without its tag', 'busybox:1.28.4', 'busybox'],
  ])('is refused with %s', (_, from, to) => {
    expect(yaml).toContain(from);
    expect(() => parseCatalogue(yaml.replace(from, to))).toThrow();
  });
});

describe('a chart and a channel', () => {
  const chart = (tracks: Chart['tracks']): Chart => ({ ...chartOf('openebs'), tracks });
  const older = 'openebs 4.6.1 is for Kubernetes';
  const source = '(fact sheet storage-and-databases 0 and 2.2, platform 2 and 3)';

  it.each<[Chart['tracks'], string, string | undefined]>([
    [{ from: '1.33', to: '1.35' }, '1.33/stable', undefined],
    [{ from: '1.33', to: '1.35' }, '1.35/edge', undefined],
    [{ from: '1.33', to: '1.35' }, '1.32/stable', `${older} 1.33 to 1.35 ${source}, and the channel is 1.32/stable`],
    [{ from: '1.33', to: '1.35' }, '1.36/stable', `${older} 1.33 to 1.35 ${source}, and the channel is 1.36/stable`],
    [{ from: '1.32' }, '1.40/stable', undefined],
    [{ from: '1.32' }, '1.31/stable', `${older} 1.32 or newer ${source}, and the channel is 1.31/stable`],
    [{ to: '1.34' }, '1.35/stable', `${older} up to 1.34 ${source}, and the channel is 1.35/stable`],
    [{}, '1.31/stable', undefined],
    [{}, '1.30/stable', 'the helm of 1.30/stable cannot label releases: openebs 4.6.1 needs 1.31 or newer'],
  ])('%j on %s', (tracks, channel, why) => expect(misfit(chart(tracks), channel)).toBe(why));
});
