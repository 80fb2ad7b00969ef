/** Rules of single values of `network:` and `monitoring:`. */
import { type Fault, quoted, type Rule } from './rules.ts';

function rule(pattern: string, what: string, why: string, example: string): Rule {
  return {
    pattern,
    fault: (text) =>
      new RegExp(pattern).test(text)
        ? undefined
        : { seen: `${quoted(text)} is not ${what}`, why, next: [`Write for example: ${example}`] },
  };
}

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';

const domainWords = rule(
  `^${LABEL}(\\.${LABEL}){0,5}$`,
  'a domain',
  'it has lowercase letters, digits and hyphens, with dots between its parts',
  'lab',
);

/** What the names of services end in. Names in `local` are looked up by asking the neighbours: RFC 6762, section 3. */
export const domain: Rule = {
  pattern: domainWords.pattern,
  fault: (text) =>
    /^(.*\.)?local$/.test(text)
      ? {
          seen: `${quoted(text)} cannot be used as the domain`,
          why: 'names in "local" belong to multicast DNS (mDNS): phones and most systems ask the neighbours for them, and no router',
          next: ['Write for example: lab, or home.arpa'],
        }
      : domainWords.fault(text),
};

/** Where a secret is: in a variable of the environment, or in a file. */
export const PLACE_OF_SECRET = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\u0000-\u001f\u007f]+)$/;

/** A secret is never in the file: only where it is. `variable`, `file`: names that would fit it. */
export const secretRef = (variable: string, file: string): Rule => ({
  pattern: PLACE_OF_SECRET.source,
  fault: (text) => (PLACE_OF_SECRET.test(text) ? undefined : noPlaceOfSecret(variable, file)),
});

/** What it is stays unsaid: it may be the secret. */
export function noPlaceOfSecret(variable: string, file: string): Fault {
  return {
    seen: 'this is not the place of a secret',
    why: 'a secret does not belong into this file: say in which variable of your environment or in which file it is',
    next: [`Write for example: env:${variable} or file:~/.secrets/${file}`],
  };
}

export const mail = rule(
  '^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$',
  'a mail address',
  'it is NAME@SERVER',
  'me@example.org',
);

export const hostPort = rule(
  '^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?:[0-9]{1,5}$',
  'a server with its port',
  'it is HOST:PORT',
  'smtp.example.org:587',
);

export const url = rule(
  '^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/%-]*)?$',
  'an address on the web',
  'it starts with http:// or https://, and has no user, question mark or blank in it',
  'https://ntfy.sh/my-lab',
);
