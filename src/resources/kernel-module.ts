import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { lines, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { contentAsk, seenContent } from './file.ts';
import { writeFile } from './write.ts';

/** Kernel modules that are loaded now and at every boot. Those built into the kernel count as loaded. */
export type KernelModuleSpec = {
  /** A file in /etc/modules-load.d of mlk8s alone. */
  readonly path: string;
  /** As the kernel spells them, with underscores. */
  readonly modules: readonly string[];
};

export function kernelModules({ id, on, needs, ...spec }: Placed & KernelModuleSpec): Declared<KernelModuleSpec> {
  return { kind: 'kernel-module', id, on, needs, spec };
}

export const kernelModuleKind: Kind<KernelModuleSpec> = { kind: 'kernel-module', asks, judge };

function asks(it: Declared<KernelModuleSpec>): Ask[] {
  const { modules, path } = it.spec;
  // Only built-in modules with parameters have a folder in /sys/module; modprobe knows the others.
  const script = sh`
    for name in ${modules}; do
      if [ -d "/sys/module/$name" ]; then echo "$name"
      elif modprobe --show-depends "$name" | grep -q '^builtin'; then echo "$name"
      fi
    done
  `;
  return [{ key: `modules ${modules.join(' ')}`, on: it.on, sh: script, timeoutS: 15 }, contentAsk(it.on, path)];
}

function judge(it: Declared<KernelModuleSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (loaded, kept) => {
    const { modules, path } = it.spec;
    const there = loaded.text.split('\n');
    const missing = modules.filter((name) => !there.includes(name));
    const content = modules.map((name) => `${name}\n`).join('');
    const before = seenContent(kept)?.content ?? '';
    if (missing.length === 0 && before === content) {
      return { verdict: 'ok', because: `loaded, now and at every boot: ${modules.join(', ')}` };
    }
    return {
      verdict: 'change',
      because: missing.length > 0 ? `not loaded: ${missing.join(', ')}` : `${path} does not load them at every boot`,
      diff: before === content ? [] : [{ what: path, before, after: content }],
      moves: [
        {
          does: missing.length > 0 ? `load ${missing.join(', ')}` : `write ${path}`,
          on: it.on,
          run: lines(writeFile(path, content, '644'), ...missing.map((name) => sh`modprobe ${name}`)),
          deadlineS: 60,
        },
      ],
    };
  });
}
