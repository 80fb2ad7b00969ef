import * as z from 'zod';
import { userName } from './rules.ts';
import * as rules from './rules-devbox.ts';
import { mail } from './rules-network.ts';
import { text } from './text.ts';

/** What a developer wants on one machine; nothing but the tools of the cluster is there unasked. */
export const devbox = z.strictObject({
  host: text(rules.devboxHost)
    .default(rules.WORKSTATION)
    .describe('Which machine: workstation, one of the cluster by its name, or user@address[:port] of another one'),
  user: text(userName)
    .optional()
    .describe('Account there whose tools these are; default the one that mlk8s logs in with, if the file says it'),
  kubectl: z.boolean().default(true).describe("kubectl of the cluster's version"),
  helm: z.boolean().default(true).describe("Helm of the cluster's version"),
  k9s: z.boolean().default(true).describe('k9s, the cluster in a terminal'),
  headlamp: z.boolean().default(false).describe('Headlamp, the cluster in a window'),
  docker: z
    .strictObject({
      group: z.boolean().default(false).describe('The user may use it without sudo, which is as much as being root'),
    })
    .optional()
    .describe("Docker from Docker's own packages, which trusts registry.local:32000"),
  git: z
    .strictObject({
      name: text(rules.gitName).describe('user.name of git'),
      email: text(mail).describe('user.email of git'),
    })
    .optional()
    .describe('Who commits'),
  gh: z.boolean().default(false).describe('GitHub CLI'),
  gitLfs: z.boolean().default(false).describe('Git LFS'),
  vscode: z
    .strictObject({
      extensions: z.array(text(rules.extension)).max(200).default([]).describe('Extensions, as PUBLISHER.NAME'),
    })
    .optional()
    .describe('Visual Studio Code'),
  dbeaver: z.boolean().default(false).describe('DBeaver, a window onto databases'),
  miniforge: z.boolean().default(false).describe('conda and mamba by Miniforge, in the home of the user'),
  uv: z.boolean().default(false).describe('uv, a package manager of Python'),
  terminalTitle: z.boolean().default(false).describe('The shell function title NAME, which names a terminal'),
  xrdp: z.boolean().default(false).describe('The desktop from elsewhere by RDP'),
});
