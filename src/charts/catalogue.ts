import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { templatePath } from '../templates.ts';
import type { ChartKey } from './keys.ts';

/** Of pods, as their manifests ask for it: CPU in thousandths of a core, memory in MiB, disk in GiB. */
const amounts = z.strictObject({
  cpu: z.int().positive().exactOptional(),
  memory: z.int().positive().exactOptional(),
  disk: z.int().positive().exactOptional(),
});

const requests = z.strictObject({ ...amounts.shape, perNode: amounts.exactOptional() });
const track = z.string().regex(/^1\.[1-9][0-9]+$/);
const source = z.string().regex(/^[a-z][a-z0-9-]+ \d/);
const text = z.string().min(1);

const chart = z
  .strictObject({
    chart: text,
    version: z.string().regex(/^v?\d+\.\d+\.\d+$/),
    repo: z.string().startsWith('https://').optional(),
    /** Address without the name of the chart. */
    oci: z.string().startsWith('oci://').optional(),
    /** Tracks of MicroK8s that it fits, both ends included; an end that nobody published is left out. */
    tracks: z.strictObject({ from: track.optional(), to: track.optional() }),
    requests,
    /** Fact sheet and section. */
    source,
  })
  .refine((it) => (it.repo === undefined) !== (it.oci === undefined), 'a chart has either a repo or an oci address');

const image = z.strictObject({ image: z.string().regex(/^[^:\s]+:[^:\s]+$/), requests, source });

const catalogue = z.strictObject({ charts: z.record(text, chart), images: z.record(text, image) });

export type Chart = z.infer<typeof chart>;
export type Catalogue = z.infer<typeof catalogue>;

/** Checks the text of `templates/charts.yaml`. Throws what zod throws. */
export function parseCatalogue(yaml: string): Catalogue {
  return catalogue.parse(parse(yaml));
}

let loaded: Catalogue | undefined;

/** What `templates/charts.yaml` pins. Read when first asked for. */
export function pinned(): Catalogue {
  loaded ??= parseCatalogue(readFileSync(templatePath('charts.yaml'), 'utf8'));
  return loaded;
}

/** A chart by its key; a test holds the keys against the file. */
export function chartOf(key: ChartKey): Chart {
  return pinned().charts[key] as Chart;
}

/** An image by its key in `templates/charts.yaml`, with its tag. */
export function imageOf(key: string): string {
  return (pinned().images[key] as { readonly image: string }).image;
}

/** What a pod of that image asks for. */
export function requestsOf(key: string): z.infer<typeof requests> {
  return (pinned().images[key] as z.infer<typeof image>).requests;
}

/** The oldest track whose helm is known to have `--labels` (3.13). facts: microk8s sheet, section 1.1. */
const OLDEST_HELM_TRACK = 31;

/** Why a chart does not fit a channel of MicroK8s (`1.35/stable`); undefined when it fits. */
export function misfit({ chart, version, tracks, source }: Chart, channel: string): string | undefined {
  const minor = minorOf(channel.split('/')[0] ?? '');
  const { from, to } = tracks;
  const tooOld = from !== undefined && minor < minorOf(from);
  if (tooOld || (to !== undefined && minor > minorOf(to))) {
    const window = to === undefined ? `${from} or newer` : from === undefined ? `up to ${to}` : `${from} to ${to}`;
    return `${chart} ${version} is for Kubernetes ${window} (fact sheet ${source}), and the channel is ${channel}`;
  }
  if (minor >= OLDEST_HELM_TRACK) return undefined;
  return `the helm of ${channel} cannot label releases: ${chart} ${version} needs 1.${OLDEST_HELM_TRACK} or newer`;
}

function minorOf(track: string): number {
  return Number(track.split('.')[1]);
}
