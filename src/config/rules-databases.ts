/** Rules of single values of `databases:`. */
import { quoted, type Rule } from './rules.ts';

/** Names that PostgreSQL and its operator keep for themselves. */
const TAKEN = ['postgres', 'template0', 'template1', 'streaming_replica', 'public', 'none'];

const WHOSE = 'it has a database, a user or a role of that name, or takes the word for something else';

/** A name that SQL takes without quotes; its owner has the same one. PostgreSQL keeps names that begin with pg_. */
export const databaseName: Rule = {
  pattern: '^(?!pg_)[a-z_][a-z0-9_]{0,62}$',
  fault(text) {
    const next = ['Write for example: app'];
    if (TAKEN.includes(text)) return { seen: `${quoted(text)} belongs to PostgreSQL itself`, why: WHOSE, next };
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} cannot be the name of a database`,
      why: 'it has 1 to 63 lowercase letters, digits or _, and starts with a letter or _, not with pg_',
      next,
    };
  },
};
