import { Parser, parseDocument } from 'yaml';
import * as z from 'zod';
import { tooDeepAt } from '../config/nesting.ts';

/** What a cluster lets its administrator in with. */
export interface Admin {
  readonly ca: string;
  readonly user: Readonly<Record<string, unknown>>;
}

const text = z.string();
/**
 * Only what a certificate or a token is: another machine must not get a command (`exec`, `auth-provider`) or the path of
 * a file into the user's kubeconfig, where kubectl would run or read it.
 */
const adminConfig = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': text }) })]).rest(z.unknown()),
  users: z
    .tuple([
      z.object({
        user: z.object({
          'client-certificate-data': text.optional(),
          'client-key-data': text.optional(),
          token: text.optional(),
        }),
      }),
    ])
    .rest(z.unknown()),
});

/** Reads what `microk8s config` prints. On a machine that cannot say it, that is a sentence. */
export function parseAdmin(printed: string): Admin | undefined {
  const config = adminConfig.safeParse(dataOf(printed)).data;
  const user = config?.users[0].user ?? {};
  if (!config || Object.keys(user).length === 0) return undefined;
  return { ca: config.clusters[0].cluster['certificate-authority-data'], user };
}

/** Characters. The real one has about 6,000; the parser would be busy with megabytes for minutes. */
const LONGEST = 32_000;

/** Undefined: no YAML, or one that nests or unfolds without end. */
function dataOf(printed: string): unknown {
  if (printed.length > LONGEST || tooDeepAt([...new Parser().parse(printed)]) !== undefined) return undefined;
  try {
    return parseDocument(printed).toJS();
  } catch {
    return undefined;
  }
}
