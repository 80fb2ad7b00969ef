import * as z from 'zod';
import { templateData } from '../templates.ts';
import { COMPONENTS } from './components.ts';

const path = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/);
const https = z.string().startsWith('https://');
const word = z.string().regex(/^[a-z][a-z0-9-]*$/);
const text = z.string().min(1);
const amount = z.int().positive().exactOptional();
const amounts = { cpu: amount, memory: amount };

/** Single files that are fetched beside the archive, in place of what its own files name on the internet. */
const extra = z.strictObject({
  /** Folder of the source that they are put into, with their paths. */
  into: path,
  from: https,
  files: z.array(path).min(1),
});

const target = z.strictObject({
  group: text.exactOptional(),
  version: text.exactOptional(),
  kind: text.exactOptional(),
  name: text.exactOptional(),
  namespace: text.exactOptional(),
});

const patch = z.strictObject({
  target: target.exactOptional(),
  patch: z.union([z.record(z.string(), z.json()), z.array(z.json())]),
});

/** An object: `apiVersion kind namespace name`, with `-` for no namespace. */
const row = z.string().regex(/^[\w./-]+ [A-Z]\w+ [\w.-]+ [\w.-]+$/);

const image = z.strictObject({ name: text, newName: text.exactOptional(), newTag: text.exactOptional() });

const stage = z.strictObject({
  name: word,
  /** As people call it: "the service mesh Istio". */
  title: text,
  /** Left out: it is always there. */
  component: z.enum(COMPONENTS).exactOptional(),
  paths: z.array(path).min(1),
  /** All of its objects are put into it. */
  namespace: text.exactOptional(),
  patches: z.array(patch).default([]),
  images: z.array(image).default([]),
  /** What the release before made with fields that cannot be changed: it goes before the stage is applied. */
  replaces: z.array(row).default([]),
  /** What was of this stage in the release before, and is of a later one now. */
  passes: z.array(row).default([]),
  /** Stages of the release before that are gone, because all that they brought is of this one now. */
  takes: z.array(word).default([]),
  /** Deployments, as `namespace/name`, by which one that somebody else installed is known. */
  marks: z.array(path).default([]),
  /** Stages before it, by their names. */
  needs: z.array(word),
  /** Seconds until its pods are ready: their images come over the line of a home. */
  readyS: z.int().positive(),
  /** What its pods ask the scheduler for, its claims, and what it asks for on each machine besides: thousandths of a core, MiB, GiB. */
  requests: z.strictObject({ ...amounts, disk: amount, perNode: z.strictObject(amounts).exactOptional() }).default({}),
});

const release = z.strictObject({
  version: z.string().regex(/^\d+\.\d+/),
  /** Commit of kubeflow/community-distribution. */
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  /** A `.tar.gz` with one folder at its root. */
  url: https,
  /** Tracks of MicroK8s that it is made for. */
  tracks: z.array(z.string().regex(/^1\.[1-9][0-9]+$/)).min(1),
  /**
   * Of what is in it, not of the archive, which whoever packs it again may pack differently: SHA-256 over the sorted
   * lines `SHA1  PATH` of the regular files below `common` and `applications`, and of the extra ones; SHA1 as git names
   * a file's content.
   */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  extra: z.array(extra),
  /** What is replaced in files of the source: by path, each text by another one. */
  localized: z.record(path, z.record(text, text)),
  stages: z.array(stage).min(1),
});

const releases = z.array(release).min(1);

export type Release = z.infer<typeof release>;
export type Stage = z.infer<typeof stage>;

let loaded: readonly Release[] | undefined;

/** What `templates/kubeflow/releases.yaml` pins. Read when first asked for; throws what zod throws. */
export function allReleases(): readonly Release[] {
  loaded ??= releases.parse(templateData('kubeflow/releases.yaml').releases);
  return loaded;
}

/** In the data of a stage it stands for the namespace of the first user. */
const USER_NAMESPACE = 'USER_NAMESPACE';

/** The stages of a release, with what belongs to one user in that namespace. */
export function stagesIn({ stages }: Release, userNamespace: string): readonly Stage[] {
  const filled: unknown = JSON.parse(JSON.stringify(stages).replaceAll(USER_NAMESPACE, () => userNamespace));
  return z.array(stage).parse(filled);
}

/** The release for a channel of MicroK8s (`1.35/stable`); undefined: none is made for its track. */
export function releaseFor(channel: string): Release | undefined {
  const [track = ''] = channel.split('/');
  return allReleases().find(({ tracks }) => tracks.includes(track));
}

/** The stage that brings all that an earlier release brought as another one of that name; undefined: none does. */
export function takerOf(name: string, channel: string): Stage | undefined {
  return releaseFor(channel)?.stages.find(({ component, takes }) => component === undefined && takes.includes(name));
}
