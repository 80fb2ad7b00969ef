import type { Declared, Kind, Verdict, World } from '../engine/types.ts';
import { cardsAsk } from '../gpu/cards.ts';
import type { Placed } from './declare.ts';
import { usableCards } from './gpu-operands.ts';

/** Some machine of the file has an NVIDIA card: else what serves cards has none to serve, and nothing would say so. */
export type AnyCardSpec = { readonly machines: readonly string[] };

export function anyCard({ id, on, needs, ...spec }: Placed & AnyCardSpec): Declared<AnyCardSpec> {
  return { kind: 'any-card', id, on, needs, spec };
}

export const anyCardKind: Kind<AnyCardSpec> = {
  kind: 'any-card',
  transient: true,
  asks: ({ spec: { machines } }) => machines.map(cardsAsk),
  judge,
};

/** No refusal: a card may be on its way. A machine that was not asked may have one. */
function judge({ spec: { machines } }: Declared<AnyCardSpec>, world: World): Verdict {
  const counts = machines.map((name) => ({ name, cards: usableCards(world, name) }));
  const having = counts.filter(({ cards }) => cards !== undefined && cards > 0).map(({ name }) => name);
  if (having.length > 0) return { verdict: 'ok', because: `NVIDIA cards: ${having.join(', ')}` };
  const silent = counts.filter(({ cards }) => cards === undefined).map(({ name }) => name);
  if (silent.length > 0) return { verdict: 'ok', because: `nothing is known of the cards of ${silent.join(', ')}` };
  const because = 'no machine of the file has an NVIDIA card that pods could have';
  const next = 'add a machine with one, or take the section gpu out of the file';
  return { verdict: 'ok', because, warning: `${because}: what the section gpu installs has nothing to serve; ${next}` };
}
