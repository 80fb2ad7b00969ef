import { homeBlock } from '../../resources/home-block.ts';
import type { Part } from './box.ts';

/**
 * Ubuntu's prompt sets the title anew each time, so the name goes behind that. It stays a variable in there: as text it
 * would be expanded with the prompt, and `$(…)` in it run.
 */
const TITLE = [
  'title() {',
  '  _title="$*"',
  `  case $PS1 in *'\${_title}'*) ;; *) PS1=$PS1'\\[\\e]0;\${_title}\\a\\]' ;; esac`,
  '}',
];

/** What the shell of the user gets. */
export const shell: Part = ({ devbox, user, at }) => {
  if (!devbox.terminalTitle) return [];
  return [homeBlock({ ...at('terminal-title'), user, path: '.bashrc', name: 'title', lines: TITLE })];
};
