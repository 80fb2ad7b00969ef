import type { Fault } from './rules.ts';

/** Why a text is not YAML, in plain words; codes that are rare keep the words of the library. */
const SYNTAX: Readonly<Record<string, Omit<Fault, 'seen'> & { seen?: string }>> = {
  TAB_AS_INDENT: {
    seen: 'a tab is used as indentation',
    why: 'YAML allows only spaces at the start of a line',
    next: ['Replace the tab by spaces.'],
  },
  BAD_INDENT: {
    seen: 'the line starts too far left or right, or a bracket or quote above is not closed',
    why: 'YAML tells by the spaces in front, and by brackets and quotes, what belongs together',
    next: ['Close the bracket or quote, or give keys that belong together the same number of spaces in front.'],
  },
  MISSING_CHAR: {
    why: 'a bracket, quote, colon, comma or space is missing',
    next: ['Look at this line and the one above, and put it in.'],
  },
  UNEXPECTED_TOKEN: {
    why: 'these characters mean something in YAML, and not at this place',
    next: ['Put the value in quotes if it is meant as text; else delete what is too much.'],
  },
  BAD_SCALAR_START: {
    why: 'a plain text cannot start with this character',
    next: ['Put the value in quotes.'],
  },
  BLOCK_AS_IMPLICIT_KEY: {
    seen: 'a second "key: value" on one line',
    why: 'a colon with a space after it makes what stands before it a key',
    next: ['Put each key on a line of its own, or put a value that contains ": " in quotes.'],
  },
  MULTILINE_IMPLICIT_KEY: {
    seen: 'a key without a colon',
    why: 'after a key comes a colon and a space or a new line',
    next: ['Write "key: value".'],
  },
  BAD_ALIAS: {
    why: 'a value that starts with * or & is a reference to another one, or its mark',
    next: ['Put the value in quotes if it is meant as text and starts with * or &.'],
  },
  TAG_RESOLVE_FAILED: {
    seen: 'a tag (!name) that a cluster file does not know',
    why: 'a value that starts with ! says of which type it is; mlk8s knows the types by the keys',
    next: ['Put the value in quotes if it is meant as text and starts with !; else delete the tag.'],
  },
};

/** Deeper than any cluster file, and deep enough to exhaust the stack. */
export const TOO_DEEP: Fault = {
  seen: 'the values are nested too deeply',
  why: 'a cluster file needs about six levels',
  next: ['Remove the brackets, dashes or spaces that are too many.'],
};

/** Codes that stand for several mistakes, by words of the message. */
const WORDS: readonly { words: RegExp; fault: Fault }[] = [
  {
    words: /closing .quote/,
    fault: {
      seen: 'a quote is opened and not closed',
      why: 'all that follows it is taken for text',
      next: ['Look for a value that starts with a quote and does not end with one.'],
    },
  },
  {
    words: /indicator$/,
    fault: {
      seen: 'the line starts too far left or right',
      why: 'YAML tells by the spaces in front what belongs together',
      next: ['Give keys that belong together the same number of spaces in front.'],
    },
  },
];

/** A complaint of the YAML parser as a fault. */
export function syntaxFault(code: string, message: string): Fault {
  if (code === 'RESOURCE_EXHAUSTION') return TOO_DEEP;
  const known = WORDS.find(({ words }) => words.test(message))?.fault ?? SYNTAX[code];
  return {
    seen: `this is not valid YAML: ${known?.seen ?? message.charAt(0).toLowerCase() + message.slice(1, 200)}`,
    why: known?.why ?? 'what is written there, or in the line above, has a meaning of its own in YAML',
    next: known?.next ?? ['Correct this line; see docs/cluster-file.md for a whole example.'],
  };
}
