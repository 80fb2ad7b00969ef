import { expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import { clusterSchema } from '../../../src/config/schema.ts';
import { alertmanagerValues, alertResources } from '../../../src/steps/monitoring/alerts.ts';

function fileWith(alerts: object): Cluster {
  return clusterSchema.parse({
    name: 'home',
    nodes: [{ name: 'rig1', address: '10.0.0.1', role: 'control-plane' }],
    monitoring: { alerts },
  });
}

interface Config {
  readonly alertmanagerSpec?: { readonly secrets: readonly string[] };
  readonly config: {
    readonly route: { readonly receiver: string; readonly routes: readonly object[] };
    readonly receivers: readonly ({ readonly name: string } & Record<string, unknown>)[];
  };
}
const valuesOf = (alerts: object) => alertmanagerValues(fileWith(alerts)).alertmanager as unknown as Config;
const people = (alerts: object) => valuesOf(alerts).config.receivers.find(({ name }) => name === 'people');
const FILES = '/etc/alertmanager/secrets/mlk8s-alerts';

it('tells nobody when the file names nobody', () => {
  const { config, alertmanagerSpec } = valuesOf({});
  expect(config.route.receiver).toBe('null');
  expect(config.receivers).toEqual([{ name: 'null' }]);
  expect(alertmanagerSpec).toBeUndefined();
  expect(alertResources(fileWith({}), 'observability')).toEqual([]);
});

it("keeps 'null', and sends to it what is always there", () => {
  const { config } = valuesOf({ ntfy: { url: 'https://ntfy.sh/my-lab' } });
  expect(config.receivers.map(({ name }) => name)).toEqual(['null', 'people']);
  expect(config.route).toMatchObject({
    receiver: 'people',
    routes: [{ receiver: 'null', matchers: ['alertname =~ "Watchdog|InfoInhibitor"'] }],
  });
});

const email = { to: 'me@example.org', from: 'lab@example.org', server: 'smtp.example.org:587' };
it.each<[what: string, alerts: object, configs: object, keys: object]>([
  [
    'e-mail with a login',
    { email: { ...email, user: 'lab', password: 'env:SMTP' } },
    {
      email_configs: [
        {
          ...{ to: 'me@example.org', from: 'lab@example.org', smarthost: 'smtp.example.org:587', send_resolved: true },
          ...{ auth_username: 'lab', auth_password_file: `${FILES}/email-password` },
        },
      ],
    },
    { 'email-password': 'env:SMTP' },
  ],
  [
    'a group of Telegram, whose number is no text',
    { telegram: { chat: -1001234567890, token: 'file:~/bot' } },
    { telegram_configs: [{ bot_token_file: `${FILES}/telegram-token`, chat_id: -1001234567890 }] },
    { 'telegram-token': 'file:~/bot' },
  ],
  [
    'ntfy with a token',
    { ntfy: { url: 'https://ntfy.sh/my-lab', token: 'env:NTFY' } },
    {
      webhook_configs: [
        {
          url: 'https://ntfy.sh/my-lab?template=alertmanager',
          http_config: { authorization: { credentials_file: `${FILES}/ntfy-token` } },
        },
      ],
    },
    { 'ntfy-token': 'env:NTFY' },
  ],
  [
    'a webhook, whose address is a secret',
    { webhook: { url: 'env:HOOK' } },
    { webhook_configs: [{ url_file: `${FILES}/webhook-url` }] },
    { 'webhook-url': 'env:HOOK' },
  ],
])('tells by %s', (_, alerts, configs, given) => {
  expect(people(alerts)).toEqual({ name: 'people', ...configs });
  expect(valuesOf(alerts).alertmanagerSpec).toEqual({ secrets: ['mlk8s-alerts'] });
  expect(alertResources(fileWith(alerts), 'observability')).toMatchObject([
    { kind: 'secret', spec: { namespace: 'observability', name: 'mlk8s-alerts', given } },
  ]);
});

it('mounts no Secret where nothing is secret', () => {
  expect(people({ email })).not.toHaveProperty('email_configs.0.auth_password_file');
  expect(valuesOf({ email }).alertmanagerSpec).toBeUndefined();
  expect(alertResources(fileWith({ email }), 'observability')).toEqual([]);
});

it('tells by all of them at once', () => {
  const all = {
    email,
    telegram: { chat: 1, token: 'env:BOT' },
    ntfy: { url: 'https://ntfy.sh/my-lab' },
    webhook: { url: 'env:HOOK' },
  };
  expect(people(all)).toMatchObject({ email_configs: [{}], telegram_configs: [{}], webhook_configs: [{}, {}] });
});
