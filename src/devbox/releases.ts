import * as z from 'zod';
import { templateData } from '../templates.ts';

/** Architectures as dpkg names them. */
const ARCHITECTURES = ['amd64', 'arm64'] as const;

const file = z.strictObject({
  url: z.string().startsWith('https://'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where the programs lie in an archive. */
  folder: z
    .string()
    .regex(/^[\w.-]+$/)
    .exactOptional(),
});

const release = z.strictObject({
  version: z.string().regex(/^v?\d/),
  files: z.record(z.enum(ARCHITECTURES), file),
  /** Programs that it brings; none: it is an installer. */
  programs: z
    .array(z.string().regex(/^[\w-]+$/))
    .min(1)
    .exactOptional(),
  source: z.string().min(1),
});

const releases = z.record(z.string(), release);

/** What is fetched for one architecture, and the checksum that its maker published. */
export type ReleaseFile = z.infer<typeof file>;
export type Release = z.infer<typeof release>;

let loaded: Readonly<Record<string, Release>> | undefined;

/** What `templates/devbox/releases.yaml` pins. Read when first asked for; throws what zod throws. */
export function allReleases(): Readonly<Record<string, Release>> {
  loaded ??= releases.parse(templateData('devbox/releases.yaml'));
  return loaded;
}

/** A pinned release by its key. */
export function releaseOf(key: string): Release {
  const found = allReleases()[key];
  if (!found) throw new Error(`templates/devbox/releases.yaml has no ${key}`);
  return found;
}
