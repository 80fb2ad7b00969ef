import type { Proof } from '../engine/events.ts';
import { type Colour, row, type Style } from './style.ts';

const LOOKS: { readonly [result in Proof['result']]: { colour: Colour; symbol: 'ok' | 'failed' | 'later' } } = {
  proved: { colour: 'green', symbol: 'ok' },
  failed: { colour: 'red', symbol: 'failed' },
  open: { colour: 'cyan', symbol: 'later' },
};
/** Longest result: the names stand in one column. */
const WORD_WIDTH = 'proved'.length;

/** A table: how each proof ended, what it is about, and when it was last proved. */
export function proofLines(proofs: readonly Proof[], style: Style): string[] {
  const column = Math.max(...proofs.map(({ id }) => id.length));
  return proofs.flatMap(({ id, what, result, because }) => {
    const { colour, symbol } = LOOKS[result];
    const mark = style.paint(colour, `${style.symbols[symbol]} ${result.padEnd(WORD_WIDTH)}`);
    return row(`  ${mark} ${id.padEnd(column)}  `, `${because}: ${what}`, style);
  });
}
