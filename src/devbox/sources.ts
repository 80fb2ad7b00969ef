import * as z from 'zod';
import { templateData } from '../templates.ts';

const source = z.strictObject({
  uri: z.string().startsWith('https://'),
  /** `{codename}` in it stands for that of the machine's Ubuntu. */
  suite: z.string().regex(/^(\{codename\}|[\w.-]+)$/),
  components: z.array(z.string().regex(/^[\w.-]+$/)).min(1),
  /** As dpkg names them. */
  architectures: z.array(z.string().regex(/^[a-z0-9]+$/)).min(1),
  keyUrl: z.string().startsWith('https://'),
  /** Of the primary keys in that file, in full. */
  fingerprints: z.array(z.string().regex(/^[0-9A-F]{40}$/)).min(1),
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/)).min(1),
  documented: z.string().min(1),
});

const sources = z.record(z.string(), source);

/** An archive of packages besides Ubuntu's, without what is only for people or for those who install from it. */
export type AptSource = Omit<z.infer<typeof source>, 'packages' | 'documented'>;

let loaded: z.infer<typeof sources> | undefined;

/** What `templates/devbox/sources.yaml` pins. Read when first asked for; throws what zod throws. */
export function allSources(): z.infer<typeof sources> {
  loaded ??= sources.parse(templateData('devbox/sources.yaml'));
  return loaded;
}

/** A pinned archive by its key, and the packages that are wanted from it. */
export function sourceOf(key: string): { readonly source: AptSource; readonly packages: readonly string[] } {
  const found = allSources()[key];
  if (!found) throw new Error(`templates/devbox/sources.yaml has no ${key}`);
  const { packages, documented: _, ...source } = found;
  return { source, packages };
}
