import { describe, expect, test } from 'vitest';
import { SharedPasswords } from '../../src/transport/passwords.ts';
import { type Prompts, turns } from '../../src/transport/prompts.ts';

/** A person with these answers, who must never be asked two things at once. */
function person(answers: (string | undefined)[]) {
  const asked: string[] = [];
  let busy = false;
  const prompts: Prompts = {
    confirm: async () => false,
    secret: async (question) => {
      expect(busy).toBe(false);
      busy = true;
      await new Promise((resolve) => setTimeout(resolve, 5));
      busy = false;
      asked.push(question);
      return answers.shift();
    },
  };
  return { asked, inTurn: turns(prompts) };
}

describe('the sudo password', () => {
  test('is asked for once for ten hosts', async () => {
    const { asked, inTurn } = person(['sesame']);
    const passwords = new SharedPasswords(inTurn);
    const got = await Promise.all(Array.from({ length: 10 }, (_, i) => passwords.ask(`rig${i}`, undefined)));
    expect(new Set(got)).toEqual(new Set(['sesame']));
    expect(asked).toEqual(['sudo password (for all hosts): ']);
    expect(passwords.known('rig99')).toBe('sesame');
  });

  test('mistyped: asked for again once, for all', async () => {
    const { asked, inTurn } = person(['simsim', 'sesame']);
    const passwords = new SharedPasswords(inTurn);
    await passwords.ask('rig1', undefined);
    const got = await Promise.all(['rig1', 'rig2', 'rig3'].map((host) => passwords.ask(host, 'simsim')));
    expect(got).toEqual(['sesame', 'sesame', 'sesame']);
    expect(asked).toHaveLength(2);
  });

  test('of a host that differs is asked for by its name, and kept apart', async () => {
    const { asked, inTurn } = person(['sesame', 'other']);
    const passwords = new SharedPasswords(inTurn);
    await passwords.ask('rig1', undefined);
    passwords.accepted('rig1', 'sesame');
    expect(await passwords.ask('rig2', 'sesame')).toBe('other');
    expect(asked[1]).toBe('That was not accepted. sudo password for rig2: ');
    expect([passwords.known('rig1'), passwords.known('rig2')]).toEqual(['sesame', 'other']);
  });

  test('is asked for three times at most, and not at all after a refusal to answer', async () => {
    const wrong = person(['a', 'b', 'c', 'd']);
    const passwords = new SharedPasswords(wrong.inTurn);
    expect(await passwords.ask('rig1', undefined)).toBe('a');
    expect(await passwords.ask('rig1', 'a')).toBe('b');
    expect(await passwords.ask('rig1', 'b')).toBe('c');
    expect(await passwords.ask('rig1', 'c')).toBeUndefined();
    const silent = person([undefined, 'late']);
    const declined = new SharedPasswords(silent.inTurn);
    expect(await declined.ask('rig1', undefined)).toBeUndefined();
    expect(await declined.ask('rig2', undefined)).toBeUndefined();
    expect(silent.asked).toHaveLength(1);
  });

  test('from the environment needs no person, and there is no second one', async () => {
    const passwords = new SharedPasswords(turns(undefined), 'from-env');
    expect(passwords.known('rig1')).toBe('from-env');
    expect(await passwords.ask('rig1', 'from-env')).toBeUndefined();
  });
});
