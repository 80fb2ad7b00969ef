import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { templatePath } from '../templates.ts';

const text = z.string().min(1);
const amount = z.number().positive();
const pattern = text.transform((source) => new RegExp(source, 'i'));
/** Where a figure comes from, and of when it is: a year, a month or a day. */
const cited = { asOf: z.string().regex(/^\d{4}(-\d\d){0,2}$/), source: text };

const perHour = z.strictObject({ perHour: amount, product: text, ...cited });
const gpuPrice = z.strictObject({
  ...perHour.shape,
  /** The card of a cloud that stands for cards at home. */
  cloud: text,
  models: pattern,
  /** GiB of the cards that it stands for besides. */
  gib: z.strictObject({ from: amount, to: amount }).optional(),
  /** Cores and GiB that the price contains. */
  host: z.strictObject({ cpu: amount, memory: amount }).optional(),
});
const rate = z.strictObject({ rate: amount, ...cited });

const prices = z.strictObject({
  currency: z.literal('USD'),
  hoursPerMonth: amount,
  cpu: perHour,
  memory: perHour,
  storage: z.strictObject({ perMonth: amount, product: text, ...cited }),
  anyGpu: perHour,
  gpus: z.array(gpuPrice),
  exchange: z.strictObject({ EUR: rate, GBP: rate, CHF: rate }),
});

const range = { idle: amount, load: amount, ...cited };
const watts = z.strictObject({
  machines: z.array(
    z.strictObject({
      kind: text,
      chassis: z.array(z.int()).optional(),
      arch: text.optional(),
      ...range,
    }),
  ),
  unseen: z.strictObject({
    board: z.strictObject({ watts: amount, ...cited }),
    loss: z.strictObject({ share: amount, ...cited }),
  }),
  gpus: z.array(z.strictObject({ models: pattern, ...range })),
});

/** What a cloud asks, in dollars, with the rates of other currencies. facts: monitoring-and-cost sheet, 5.1 */
export type Prices = z.infer<typeof prices>;
/** What machines and cards draw, in watts. facts: monitoring-and-cost sheet, 5.2 */
export type Watts = z.infer<typeof watts>;

/** Checks the text of `templates/cost/prices.yaml`. Throws what zod throws. */
export const parsePrices = (yaml: string): Prices => prices.parse(parse(yaml));
/** Checks the text of `templates/cost/watts.yaml`. Throws what zod throws. */
export const parseWatts = (yaml: string): Watts => watts.parse(parse(yaml));

const template = (name: string) => readFileSync(templatePath('cost', name), 'utf8');
let knownPrices: Prices | undefined;
let knownWatts: Watts | undefined;

/** The price list that mlk8s brings. Read when first asked for. */
export function pricesOf(): Prices {
  knownPrices ??= parsePrices(template('prices.yaml'));
  return knownPrices;
}

/** The table of watts that mlk8s brings. Read when first asked for. */
export function wattsOf(): Watts {
  knownWatts ??= parseWatts(template('watts.yaml'));
  return knownWatts;
}
