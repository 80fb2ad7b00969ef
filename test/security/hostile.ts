import fc from 'fast-check';

/** The same runs each time, so that a red test is about a change; others with `MLK8S_SEED=7 npm run test:security`. */
fc.configureGlobal({ seed: Number(process.env.MLK8S_SEED ?? 1) });

/** How often a property is tried: in `npm test`, and in `npm run test:security`, which takes its time. */
export function runs(quick: number, thorough: number): number {
  return process.env.MLK8S_THOROUGH ? thorough : quick;
}

/** What a command of ours would leave if a text were ever run. */
export const CANARY = 'CANARY';

/** Texts that a shell, an option parser, a terminal or a parser would like to read something into. */
const NASTY = [
  `$(touch /${CANARY}-a)`,
  `\`touch /${CANARY}-b\``,
  `'; touch /${CANARY}-c; '`,
  `"; touch /${CANARY}-d; "`,
  `\n touch /${CANARY}-e\n`,
  `\\'; touch /${CANARY}-f #`,
  `$'\\'' ; touch /${CANARY}-g`,
  `\${x:=$(touch /${CANARY}-h)}`,
  `a[$(touch /${CANARY}-i)]`,
  `}; touch /${CANARY}-j; {`,
  `) ; touch /${CANARY}-k ; (`,
  `| touch /${CANARY}-l`,
  `EOF\ntouch /${CANARY}-m\nEOF\n`,
  `<(touch /${CANARY}-n)`,
  `>/${CANARY}-o`,
  `-oProxyCommand=touch /${CANARY}-p`,
  `\r\ntouch /${CANARY}-q`,
  '--help',
  '-rf',
  '--',
  '-',
  '!!',
  '~root',
  '*',
  '?',
  '{a,b}',
  '../../../../etc/shadow',
  '%s%n%d',
  '\\',
  "'",
  '"',
  '\u0000',
  '\u0001\u001b[2J\u001b]52;c;ZXZpbA==\u0007\u009b31m',
  '\u202egnp.exe',
  '\u2028',
  '\ufeff',
  'e\u0301\u0323\u0489',
  '👩‍👩‍👧‍👦🏴‍☠️',
  'İıſ',
  '\ud800',
  '__proto__',
  'constructor',
  '10.0.0.1',
  'a=b,c:d',
] as const;

const word = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 12 }));

/** Anything that somebody who means ill, or slipped, may write: up to 10,000 characters. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 6, arbitrary: fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join('')) },
  { weight: 1, arbitrary: fc.constantFrom(...NASTY).map((text) => text.padEnd(10_000, text || 'x').slice(0, 10_000)) },
);

/** The same without what cannot stand in a shell word at all: NUL is refused where words are quoted. */
export const hostileWord: fc.Arbitrary<string> = hostile.map((text) => text.replaceAll('\u0000', ''));
