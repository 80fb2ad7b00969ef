import type { CommandContext } from '../../command.ts';
import type { KubeObject } from '../../state.ts';
import { advance } from '../daemons.ts';
import { apiUp } from '../dqlite.ts';
import type { Kind } from '../kinds.ts';
import { clusterOf } from '../site.ts';
import { KubeStore } from '../store.ts';
import { View } from '../view.ts';
import { isSet, type KubectlArgs, last, UsageError } from './args.ts';
import { matches, matchesFields } from './select.ts';

/** No API server answers at the node's own address. */
export class Refused extends Error {}

/** One run of kubectl: the command line and the API that it talks to. */
export class Client {
  readonly context: CommandContext;
  readonly args: KubectlArgs;

  constructor(context: CommandContext, args: KubectlArgs) {
    this.context = context;
    this.args = args;
  }

  /** The API as it is at this moment. Throws Refused while it is away. */
  api(): View {
    const { rig, world } = this.context;
    advance(this.context);
    const cluster = clusterOf(rig, world);
    if (!cluster || !apiUp(rig, world, this.context.now())) throw new Refused();
    return new View(new KubeStore(cluster, this.context), world, this.context.now());
  }

  get namespace(): string {
    return last(this.args, 'namespace') ?? 'default';
  }

  get allNamespaces(): boolean {
    return isSet(this.args, 'all-namespaces');
  }

  out(text: string): void {
    this.context.out(text);
  }

  changed(): void {
    this.context.changed();
  }

  /**
   * What `kind name…`, `kind/name…` or `kind -l …` mean. Named objects that are missing come without an object.
   */
  targets(view: View, words: readonly string[]): { kind: Kind; name: string; object: KubeObject | undefined }[] {
    const [first, ...names] = words;
    if (first === undefined) throw new UsageError('error: You must specify the type of resource to get.');
    if (words.some((w) => w.includes('/'))) return this.#slashed(view, words);
    const kinds = first.split(',').map((word) => view.store.kind(word === 'all' ? 'pods' : word));
    if (names.length > 0) {
      return kinds.flatMap((kind) =>
        names.map((name) => ({ kind, name, object: view.find(kind, this.#scope(kind), name) })),
      );
    }
    return kinds.flatMap((kind) =>
      this.select(view, kind).map((object) => ({ kind, name: object.metadata.name, object })),
    );
  }

  select(view: View, kind: Kind): KubeObject[] {
    const namespace = this.allNamespaces || !kind.namespaced ? undefined : this.namespace;
    return view
      .list(kind, namespace)
      .filter((o) => matches(o, last(this.args, 'selector')) && matchesFields(o, last(this.args, 'field-selector')));
  }

  #slashed(view: View, words: readonly string[]): { kind: Kind; name: string; object: KubeObject | undefined }[] {
    return words.map((word) => {
      const [type = '', name] = word.split('/');
      if (name === undefined)
        throw new UsageError(
          'error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form',
        );
      const kind = view.store.kind(type);
      return { kind, name, object: view.find(kind, this.#scope(kind), name) };
    });
  }

  #scope(kind: Kind): string {
    return kind.namespaced ? this.namespace : '';
  }
}
