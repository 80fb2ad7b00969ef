import { expect, it } from 'vitest';
import { credentialLines } from '../../src/render/credentials.ts';

const grafana = { name: 'grafana', address: 'https://grafana.lab', user: 'admin', secret: 'monitoring/grafana' };

it('stand in columns, the password last', () => {
  const rows = [
    { ...grafana, password: 'pass word' },
    { name: 's3', address: 'mlk8s open s3', user: 'me', password: 'x', secret: 'storage/s3' },
  ];
  expect(credentialLines(rows, 'mlk8s plan')).toEqual([
    'NAME     ADDRESS              USER   PASSWORD',
    'grafana  https://grafana.lab  admin  pass word',
    's3       mlk8s open s3        me     x',
  ]);
});

it('name the Secret that is not there, and what says more', () => {
  const [, row] = credentialLines([{ ...grafana, password: undefined }], 'mlk8s plan --rehearse');
  expect(row).toContain('admin  not there (Secret monitoring/grafana): mlk8s plan --rehearse says what can be done');
});

it('drive no terminal', () => {
  const [, row] = credentialLines([{ ...grafana, password: 'a\u001b[2Jb' }], 'mlk8s plan');
  expect(row).toMatch(/ a\[2Jb$/);
});
