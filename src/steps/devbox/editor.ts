import { vscodeExtensions } from '../../resources/vscode-extensions.ts';
import type { Part } from './box.ts';

/** What the user wants in Visual Studio Code, which the part `apps` brings. */
export const editor: Part = ({ devbox, user, at }) => {
  const { extensions = [] } = devbox.vscode ?? {};
  return extensions.length > 0 ? [vscodeExtensions({ ...at('extensions', 'vscode'), user, extensions })] : [];
};
