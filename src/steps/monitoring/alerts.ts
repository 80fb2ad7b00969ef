import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';
import { secret } from '../../resources/secret.ts';
import { templateData } from '../../templates.ts';

/** Where the chart puts a Secret that `alertmanagerSpec.secrets` names. facts: monitoring-and-cost sheet, 2.1 */
const MOUNTED = '/etc/alertmanager/secrets';
const SECRET = 'mlk8s-alerts';
/** The receiver that all alerts go to. */
const RECEIVER = 'people';

type Alerts = NonNullable<Cluster['monitoring']>['alerts'];

/** Values of kube-prometheus-stack that say who is told. No secret is in them: Alertmanager reads those from files. */
export function alertmanagerValues(file: Cluster): Data {
  const values = templateData('monitoring/alertmanager.yaml');
  const alerts = file.monitoring?.alerts ?? {};
  const configs = configsOf(alerts);
  if (Object.keys(configs).length === 0) return values;
  const receivers = [{ name: 'null' }, { name: RECEIVER, ...configs }];
  const secrets = Object.keys(given(alerts)).length > 0 ? { alertmanagerSpec: { secrets: [SECRET] } } : {};
  return mergeValues(values, { alertmanager: { ...secrets, config: { route: { receiver: RECEIVER }, receivers } } });
}

/** The Secret that these files come from. `namespace`: that of Alertmanager. */
export function alertResources(file: Cluster, namespace: string): Declared[] {
  const values = given(file.monitoring?.alerts ?? {});
  if (Object.keys(values).length === 0) return [];
  return [
    secret({
      id: 'monitoring/alert-secrets@cluster',
      on: 'cluster',
      needs: ['microk8s/member@*'],
      ...{ namespace, name: SECRET, fixed: {}, generated: [], given: values },
    }),
  ];
}

/** Where the user keeps what is secret, by key of the Secret. */
function given({ email, telegram, ntfy, webhook }: Alerts): Readonly<Record<string, string>> {
  return {
    ...(email?.password === undefined ? {} : { 'email-password': email.password }),
    ...(telegram === undefined ? {} : { 'telegram-token': telegram.token }),
    ...(ntfy?.token === undefined ? {} : { 'ntfy-token': ntfy.token }),
    ...(webhook === undefined ? {} : { 'webhook-url': webhook.url }),
  };
}

const inFile = (key: string) => `${MOUNTED}/${SECRET}/${key}`;

/** One receiver with all that the file names: each of its integrations is sent, and tried again, by itself. */
function configsOf(alerts: Alerts): Data {
  const webhooks = [...ntfyConfigs(alerts), ...webhookConfigs(alerts)];
  return {
    ...emailConfigs(alerts),
    ...telegramConfigs(alerts),
    ...(webhooks.length === 0 ? {} : { webhook_configs: webhooks }),
  };
}

function emailConfigs({ email }: Alerts): Data {
  if (!email) return {};
  const { to, from, server, user, password } = email;
  const login = {
    ...(user === undefined ? {} : { auth_username: user }),
    ...(password === undefined ? {} : { auth_password_file: inFile('email-password') }),
  };
  return { email_configs: [{ to, from, smarthost: server, send_resolved: true, ...login }] };
}

function telegramConfigs({ telegram }: Alerts): Data {
  if (!telegram) return {};
  // A number: quoted, Alertmanager does not start (sheet 7, 16).
  return { telegram_configs: [{ bot_token_file: inFile('telegram-token'), chat_id: telegram.chat }] };
}

/** ntfy itself makes a message of what Alertmanager sends: docs.ntfy.sh/publish, predefined templates. */
function ntfyConfigs({ ntfy }: Alerts): Data[] {
  if (!ntfy) return [];
  const login = { authorization: { credentials_file: inFile('ntfy-token') } };
  return [{ url: `${ntfy.url}?template=alertmanager`, ...(ntfy.token === undefined ? {} : { http_config: login }) }];
}

function webhookConfigs({ webhook }: Alerts): Data[] {
  return webhook ? [{ url_file: inFile('webhook-url') }] : [];
}
