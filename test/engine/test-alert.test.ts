import { expect, it } from 'vitest';
import { clusterSchema } from '../../src/config/schema.ts';
import { deliveryOf, errorsIn, heldBack, waysOf } from '../../src/engine/test-alert.ts';
import { alertmanagerValues } from '../../src/steps/monitoring/alerts.ts';

const ALERT = 'Mlk8sTest-0a1b2c';
const group = (name: string) => `aggrGroup="{}:{alertname=\\"${name}\\"}"`;
const attempt = (integration: string, error: string, alert = ALERT) =>
  `time=2026-11-21T20:00:00Z level=WARN msg="Notify attempt failed, will retry later" receiver=people integration=${integration} ${group(alert)} attempts=1 err="${error}"`;
const given = (integration: string, error: string) =>
  `time=2026-11-21T20:00:01Z level=ERROR msg="Notify for alerts failed" num_alerts=1 ${group(ALERT)} err="people/${integration}: notify retry canceled due to unrecoverable error after 1 attempts: ${error}"`;

it.each<[what: string, log: readonly string[], errors: object]>([
  ['an attempt', [attempt('email[0]', 'no such host')], { 'email[0]': 'no such host' }],
  ['one that was given up', [given('telegram[0]', 'chat not found (400)')], { 'telegram[0]': 'chat not found (400)' }],
  ['the last of several', [attempt('email[0]', 'first'), attempt('email[0]', 'last')], { 'email[0]': 'last' }],
  [
    'each of two webhooks',
    [attempt('webhook[0]', 'a'), attempt('webhook[1]', 'b')],
    { 'webhook[0]': 'a', 'webhook[1]': 'b' },
  ],
  ['one with quotes in it', [attempt('email[0]', 'EOF after \\"DATA\\"')], { 'email[0]': 'EOF after "DATA"' }],
  [
    'one with an address, without the token in it',
    [attempt('telegram[0]', 'Post https://api.telegram.org/bot1:AAF/sendMessage: timeout')],
    { 'telegram[0]': 'Post https://api.telegram.org/… timeout' },
  ],
  [
    'one with an address, without the password or the query in it',
    [attempt('webhook[0]', 'Post https://me:pw@hook.example?key=AAF: EOF')],
    { 'webhook[0]': 'Post https://hook.example/… EOF' },
  ],
  ['none of another alert', [attempt('email[0]', 'other', 'NodeDown')], {}],
  ['none in other lines', ['level=INFO msg="Completed loading of configuration file"', ''], {}],
])('reads %s from the log of Alertmanager', (_, log, errors) => {
  expect(Object.fromEntries(errorsIn(log.join('\n'), ALERT))).toEqual(errors);
});

const listed = (more: object = {}, ...receivers: string[]) => ({
  ...{ labels: { alertname: ALERT }, fingerprint: '7c', receivers: receivers.map((name) => ({ name })) },
  status: { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [], ...more },
});
it.each<[what: string, alerts: object, held: string | undefined]>([
  ['nothing that it shows', [listed({}, 'people')], undefined],
  ['a silence', [listed({ state: 'suppressed', silencedBy: ['1'] }, 'people')], 'a silence holds it back'],
  ['another alert', [listed({ inhibitedBy: ['2'] }, 'people')], expect.stringContaining('another alert that fires')],
  ['a route to nobody', [listed({}, 'null')], 'its configuration in the cluster sends it to nobody'],
  ['its end', [], 'it does not list the alert any more'],
  [
    'the end of this one',
    [{ ...listed({}, 'people'), labels: { alertname: 'Other' } }],
    expect.stringContaining('any more'),
  ],
])('what holds an alert back is %s', (_, alerts, held) => {
  expect(heldBack(JSON.stringify(alerts), ALERT)).toEqual(held);
});

it('knows the ways as the values list them', () => {
  const file = clusterSchema.parse({
    name: 'home',
    nodes: [{ name: 'rig1', address: '10.0.0.1', role: 'control-plane' }],
    monitoring: {
      alerts: {
        email: { to: 'a@b.example', from: 'c@d.example', server: 'e.example:25' },
        telegram: { chat: 1, token: 'env:BOT' },
        ntfy: { url: 'https://ntfy.sh/x' },
        webhook: { url: 'env:HOOK' },
      },
    },
  });
  const values = alertmanagerValues(file) as { alertmanager: { config: { receivers: Record<string, unknown>[] } } };
  const people = values.alertmanager.config.receivers.find(({ name }) => name === 'people') ?? {};
  const listed = Object.entries(people).flatMap(([key, list]) =>
    Array.isArray(list) ? list.map((_, index) => `${key.replace('_configs', '')}[${index}]`) : [],
  );
  const ways = waysOf(file);
  expect(ways.flatMap(({ kind, names }) => names.map((_, index) => `${kind}[${index}]`))).toEqual(listed);
  expect(ways.map(({ names }) => names)).toEqual([['email'], ['telegram'], ['ntfy', 'webhook']]);
});

const both = { kind: 'webhook', names: ['ntfy', 'webhook'] } as const;
const counted = (sent: number, failed = 0) => ({ sent, failed, givenUp: failed });
it.each<[what: string, ...of: Parameters<typeof deliveryOf>, result: object]>([
  ['both went out', both, counted(2), new Map(), undefined, { result: 'sent' }],
  [
    'one of them failed, and the log says which',
    ...([both, counted(1, 1), new Map([['webhook[1]', 'status 403']]), undefined] as const),
    { result: 'failed', error: 'webhook: status 403' },
  ],
  [
    'both failed',
    ...([both, counted(0, 2), new Map([0, 1].map((i) => [`webhook[${i}]`, 'EOF'])), undefined] as const),
    { result: 'failed', error: 'ntfy: EOF; webhook: EOF' },
  ],
  ['one failed, and the log is silent', both, counted(1, 1), new Map(), undefined, { result: 'failed' }],
  ['one of them was not tried', both, counted(1), new Map(), undefined, { result: 'open', error: '1 of 2 went out' }],
  ['both are held back', both, counted(0), new Map(), 'a silence', { result: 'open', error: 'a silence' }],
])('tells of ntfy and webhook together: %s', (_, way, tally, errors, held, result) => {
  expect(deliveryOf(way, tally, errors, held)).toEqual({ receiver: 'ntfy and webhook', ...result });
});

it('tells of a way that is counted alone what the log says', () => {
  const errors = new Map([['webhook[0]', 'status 403']]);
  expect(deliveryOf({ kind: 'webhook', names: ['ntfy'] }, counted(0, 1), errors)).toEqual({
    ...{ receiver: 'ntfy', result: 'failed', error: 'status 403' },
  });
});
