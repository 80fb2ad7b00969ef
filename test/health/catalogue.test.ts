import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { BOOT_WORDS, JOURNAL_WORDS, KERNEL_WORDS } from '../../src/health/asks.ts';
import { catalogue, explain, parseEntries, remedies } from '../../src/health/catalogue.ts';
import { diagnose } from '../../src/health/diagnose.ts';
import { seen, symptoms } from './symptoms.ts';

const entries = catalogue();
const ids = entries.map((it) => it.id);
const texts = Object.entries(symptoms).flatMap(([id, all]) =>
  all.map((symptom) => [id, symptom.text, symptom] as const),
);

describe('the catalogue', () => {
  it('has a recorded symptom for each entry, and no symptom of nothing', () => {
    expect(Object.keys(symptoms).toSorted()).toEqual(ids.toSorted());
    expect(Object.values(symptoms).filter((all) => all.length === 0)).toEqual([]);
  });

  it.each(texts)('%s explains "%s", and nothing else does', (id, _, symptom) => {
    const { text, object = 'rig1' } = symptom;
    const matching = entries.filter((it) => it.pattern.test(text) && (it.object?.test(object) ?? true));
    expect(matching.map((it) => it.id)).toEqual([id]);
  });

  it.each(texts)('%s is looked for where "%s" shows', (id, _, symptom) => {
    expect(entries.find((it) => it.id === id)?.looks).toContain(symptom.looks);
  });

  it.each(texts.filter(([, , it]) => it.looks === 'journal' || it.looks === 'kernel'))(
    '%s: "%s" is among the lines that are asked for',
    (_, text, { looks }) => {
      const words = looks === 'journal' ? [JOURNAL_WORDS] : [BOOT_WORDS, KERNEL_WORDS];
      expect(words.some((it) => new RegExp(it, 'i').test(text))).toBe(true);
    },
  );

  it('names things that fill in by themselves only where they are known', () => {
    const words = new Set(entries.flatMap((it) => it.next).flatMap((line) => line.match(/\{\w+\}/g) ?? []));
    expect([...words].toSorted()).toEqual(['{machine}', '{namespace}', '{name}'].toSorted());
    expect(remedies(['sudo reboot of {machine}, {name}'], { machine: 'rig2' })).toEqual(['sudo reboot of rig2, NAME']);
  });

  it('refuses a pattern that is none, a source without a number and a key that it does not know', () => {
    const good = '- { id: a, component: a, looks: [pod], pattern: a, why: a, next: [a], sources: [microk8s 6/1] }';
    expect(parseEntries(good)).toHaveLength(1);
    for (const bad of ["pattern: '('", 'sources: [microk8s]', 'looks: [dream]', 'whi: a', 'next: []']) {
      const key = bad.slice(0, bad.indexOf(':'));
      const text = good.includes(`${key}:`)
        ? good.replace(new RegExp(`${key}: (\\[[^\\]]*\\]|[^,]*)`), () => bad)
        : good.replace('- {', `- { ${bad},`);
      expect(() => parseEntries(text), bad).toThrow();
    }
  });

  it('draws on the failure lists of the sheets', () => {
    const sources = new Set(entries.flatMap((it) => it.sources));
    const ofStorage = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 17, 18, 19, 20, 21, 22, 23, 24].map(
      (n) => `storage-and-databases 5/${n}`,
    );
    expect(ofStorage.filter((it) => !sources.has(it))).toEqual([]);
    // The others show in a browser alone, are prevented, or are entries of other steps.
    const ofKubeflow = [3, 5, 6, 7, 9, 11, 12, 13, 24, 26, 31].map((n) => `ml-platform 7/${n}`);
    expect(ofKubeflow.filter((it) => !sources.has(it))).toEqual([]);
  });
});

describe('the last words of a command', () => {
  test.each(texts.filter(([, , it]) => it.looks === 'output'))('%s: "%s" are explained', (id, text) => {
    expect(explain(['first line', text, 'exit status 1'])?.id).toBe(id);
  });

  test('count more the later they come', () => {
    const tail = ['read-only file system', 'cannot re-use a name that is still in use'];
    expect(explain(tail)?.id).toBe('addon-second-run');
  });

  test('that say nothing known explain nothing', () => {
    expect(explain(['it did not work', ''])).toBeUndefined();
    expect(explain(['waiting for first consumer to be created before binding'])).toBeUndefined();
  });
});

describe('diagnosis', () => {
  it('of several matches is one finding with a count and the first three objects', () => {
    const all = [1, 2, 3, 4, 5].map((n) => seen({ looks: 'pod', text: 'OOMKilled (exit 137)', object: `Pod a/p${n}` }));
    const { findings } = diagnose(all, entries);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ entry: 'container-out-of-memory', count: 5, machines: ['rig1'] });
    expect(findings[0]?.objects).toHaveLength(5);
    expect(findings[0]?.problem.where).toBe('memory: Pod a/p1 on rig1, Pod a/p2 on rig1, Pod a/p3 on rig1 and 2 more');
  });

  it('lists trouble that nothing explains, with its own words', () => {
    const text = 'CrashLoopBackOff: back-off 5m0s restarting failed container=app';
    const one = seen({ looks: 'pod', text, object: 'Pod a/x', namespace: 'a', name: 'x', open: true });
    const { findings } = diagnose([one, { ...one, object: 'Pod a/y', name: 'y' }], entries);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ entry: 'not-known', count: 2, problem: { seen: text } });
    expect(findings[0]?.problem.next[0]).toBe('microk8s kubectl -n a describe pod x');
  });

  it('counts an object once, whatever says it, and lines of a journal each', () => {
    const about = { object: 'Pod a/x', machine: 'rig1' };
    const text = '0/2 nodes are available: 2 Insufficient nvidia.com/gpu.';
    const pod = seen({ looks: 'pod', text, ...about });
    const event = seen({ looks: 'event', text: `FailedScheduling: ${text}`, ...about });
    expect(diagnose([pod, event], entries).findings[0]).toMatchObject({ count: 1, problem: { seen: text } });
    const line = seen({ looks: 'journal', text: 'too many open files' });
    expect(diagnose([line, line], entries).findings[0]).toMatchObject({ count: 2, objects: ['rig1'] });
  });

  it('lists nothing twice: what one text explains is known', () => {
    const about = { object: 'Pod a/x', namespace: 'a', name: 'x' };
    const crash = seen({ looks: 'pod', text: 'CrashLoopBackOff: back-off', ...about, open: true });
    const why = seen({ looks: 'log', text: 'exec /app: exec format error', ...about });
    expect(diagnose([crash, why], entries).findings.map((it) => it.entry)).toEqual(['image-other-processor']);
  });

  it('leaves out what says little where something else is known about the same object', () => {
    const about = { object: 'Pod a/x' };
    const little = seen({ looks: 'pod', text: 'ImagePullBackOff: Back-off pulling image "docker.io/a/b:1"', ...about });
    const more = seen({ looks: 'event', text: 'Failed: 429 Too Many Requests', ...about });
    expect(diagnose([little, more], entries).findings.map((it) => it.entry)).toEqual(['image-limit']);
    expect(diagnose([little], entries).findings.map((it) => it.entry)).toEqual(['image-pull']);
  });

  it('counts what only many lines mean', () => {
    const line = seen({ looks: 'journal', text: 'database is locked' });
    expect(diagnose([line, line, line, line], entries).findings).toEqual([]);
    expect(diagnose([line, line, line, line, line], entries).findings.map((it) => it.entry)).toEqual(['dqlite-busy']);
  });

  it('finds nothing wrong with what is as it should be, and says why', () => {
    const claim = symptoms['claim-waits-for-pod']?.map((it) => seen({ ...it, open: true })) ?? [];
    const { findings, harmless } = diagnose(claim, entries);
    expect(findings).toEqual([]);
    expect(harmless.join()).toContain('until then it waits, as it should');
  });

  it('shortens what it shows', () => {
    const text = `Out of memory: Killed process ${'9'.repeat(5000)}`;
    const [found] = diagnose([seen({ looks: 'kernel', text })], entries).findings;
    expect(found?.problem.seen.length).toBeLessThan(400);
  });
});

it('knows every file of the catalogue', () => {
  const folder = new URL('../../templates/health/', import.meta.url);
  const all = readdirSync(folder).flatMap((name) => parseEntries(readFileSync(new URL(name, folder), 'utf8')));
  expect(all.map((it) => it.id).toSorted()).toEqual(ids.toSorted());
});
