import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MASK, Redactor } from '../../src/redact.ts';

const secret = fc
  .string({ minLength: 4, maxLength: 40 })
  .filter((text) => !text.includes('*') && text.trim().length >= 4);

/** All texts in a value, but not what names the event. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (key === 'event' ? [] : [key, ...texts(item)]));
}

describe('a redactor', () => {
  test('lets no secret through, wherever in an event it stands', () => {
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.object(), fc.string(), (secrets, rest, text) => {
        const redactor = new Redactor();
        for (const it of secrets) redactor.add(it);
        const event = { event: 'output', line: text + secrets.join(text), [`key ${secrets[0]}`]: secrets, rest };
        const shown = texts(redactor.value(event)).join('\n');
        for (const it of secrets) {
          if (it.includes('\n')) continue;
          expect(shown.split('\n').some((line) => line.includes(it))).toBe(false);
        }
      }),
    );
  });

  test('leaves events without secrets as they are', () => {
    fc.assert(
      fc.property(fc.object(), (value) => {
        const redactor = new Redactor();
        redactor.add('a secret that is in no text of these');
        expect(redactor.value(value)).toEqual(value);
      }),
    );
  });

  test('masks the base64 form and each line of a key', () => {
    const redactor = new Redactor();
    redactor.add('correct horse battery');
    redactor.add('-----BEGIN KEY-----\nAAAAC3NzaC1lZDI1NTE5\n-----END KEY-----\n');
    expect(redactor.text('password: Y29ycmVjdCBob3JzZSBiYXR0ZXJ5')).toBe(`password: ${MASK}`);
    expect(redactor.text('line AAAAC3NzaC1lZDI1NTE5')).toBe(`line ${MASK}`);
  });

  test('masks the longer of two secrets that start alike', () => {
    const redactor = new Redactor();
    redactor.add('hunter2');
    redactor.add('hunter2-and-more');
    expect(redactor.text('hunter2-and-more')).toBe(MASK);
  });

  test('keeps an event readable when the password is one of its words', () => {
    const redactor = new Redactor();
    redactor.add('change');
    const event = { event: 'change', does: 'change the file' };
    expect(redactor.value(event)).toEqual({ event: 'change', does: `${MASK} the file` });
  });

  test('does not mask what is too short to be one', () => {
    const redactor = new Redactor();
    redactor.add('a');
    redactor.add('');
    expect(redactor.text('a plan')).toBe('a plan');
  });
});
