import * as z from 'zod';
import { COMPONENTS } from '../kubeflow/components.ts';
import { sourcePath, userName } from './rules-kubeflow.ts';
import { mail } from './rules-network.ts';
import { text } from './text.ts';

const most = (what: string, max: number) => z.int().min(1).max(max).optional().describe(what);

const user = z.strictObject({
  name: text(userName).describe('What it is called: the namespace is kubeflow-NAME'),
  email: text(mail).optional().describe('What one logs in with; default NAME@DOMAIN, with the domain of network'),
  cpu: most('Cores that all of its pods together may ask for', 4096),
  memoryGi: most('Memory that all of its pods together may ask for, in GiB', 65536),
  gpus: z.int().min(0).max(1024).optional().describe('Graphics cards that its pods may have; 0: none'),
  storageGi: most('Size of all of its volumes together, in GiB', 1_048_576),
});

/** Section `kubeflow`. */
export const kubeflow = z.strictObject({
  components: z
    .union([z.enum(['minimal', 'full']), z.array(z.enum(COMPONENTS)).min(1).max(COMPONENTS.length)])
    .default('minimal')
    .describe('minimal (notebooks, dashboard, users), full, or a list of what is wanted besides minimal'),
  users: z
    .array(user)
    .min(1)
    .max(100)
    .default([{ name: 'user' }])
    .describe('Who works with it: a namespace, a login and, if named, a quota for each'),
  source: text(sourcePath)
    .optional()
    .describe('Archive or folder of its manifests on this machine; default: each control plane fetches them'),
});
