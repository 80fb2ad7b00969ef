import type { Problem } from '../errors.ts';
import { kinds } from '../resources/index.ts';
import { judgeProof, type ProofSpec, proofKind, resultOf } from '../resources/proof.ts';
import type { PlanItem, Proof } from './events.ts';
import type { RunOptions } from './options.ts';
import { Prepared } from './prepare.ts';
import type { Outcome } from './runner.ts';
import type { Ask, Declared, Id } from './types.ts';

/** The proofs of the file, each to be made once more, and nothing else. */
export class PreparedVerify extends Prepared {
  /** When each was last proved before this run; empty: never. */
  readonly #before: Map<Id, string>;

  constructor(options: RunOptions) {
    const before = new Map<Id, string>();
    const again = (it: Declared) => before.get(it.id);
    const kind = { ...proofKind, judge: (it, world) => judgeProof(it, world, again(it)) } satisfies typeof proofKind;
    super(options, { ...kinds, [proofKind.kind]: kind });
    this.#before = before;
    this.resources = this.resources.filter((it) => it.kind === proofKind.kind);
  }

  override async observe(more: readonly Ask[] = []): Promise<void> {
    await super.observe(more);
    for (const it of this.resources) {
      const found = resultOf(it, this.world);
      if (found !== undefined && !this.#before.has(it.id)) this.#before.set(it.id, found === 'none' ? '' : found.at);
    }
  }

  override refusal(): Problem | undefined {
    const refused = super.refusal();
    if (refused || this.world.lead !== undefined) return refused;
    return {
      where: this.options.file.name,
      seen: 'there is no cluster, so nothing can be proved',
      why: 'no machine that answers is a member',
      next: ['mlk8s up'],
    };
  }

  /** What is there besides is not what was looked at. */
  override notes(): readonly string[] {
    return this.absentSections();
  }

  override end(outcome: Outcome | undefined): void {
    const items = this.plan();
    const proofs = this.resources.flatMap(({ id, spec }, i): Proof[] => {
      const { what } = spec as unknown as ProofSpec;
      const { verdict, because, shown } = items[i] as PlanItem;
      if (outcome?.failed.has(id)) return [{ id, what, result: 'failed', because: 'it failed in this run, see above' }];
      if (verdict !== 'ok') return [{ id, what, result: 'open', because }];
      return shown ? [{ id, what, result: 'proved', because }] : [];
    });
    if (proofs.length > 0) this.options.listener({ event: 'proofs', proofs });
  }
}
