import type { Declared } from '../engine/types.ts';

/** What every declaration says besides its spec. */
export type Placed = Pick<Declared, 'id' | 'on' | 'needs'>;

/** A script inside a spec. As a type alias, because an interface is no JSON to the compiler. */
export type Bash = { readonly bash: string };
