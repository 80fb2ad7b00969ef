import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { contentAsk, seenContent } from './file.ts';
import { gone, stays } from './stays.ts';
import { removeFile } from './undo-file.ts';
import { writeOwnFile } from './write.ts';

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

export const kernelModuleKind: Kind<KernelModuleSpec> = { kind: 'kernel-module', asks, judge, undo };

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

function contentOf({ modules }: KernelModuleSpec): string {
  return modules.map((name) => `${name}\n`).join('');
}

function judge(it: Declared<KernelModuleSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (loaded, kept) => {
    const { modules, path } = it.spec;
    const there = loaded.text.split('\n');
    const unloaded = modules.filter((name) => !there.includes(name));
    const content = contentOf(it.spec);
    const before = seenContent(kept)?.content ?? '';
    if (unloaded.length === 0 && before === content) {
      return { verdict: 'ok', because: `loaded, now and at every boot: ${modules.join(', ')}` };
    }
    return {
      verdict: 'change',
      because: unloaded.length > 0 ? `not loaded: ${unloaded.join(', ')}` : `${path} does not load them at every boot`,
      diff: before === content ? [] : [{ what: path, before, after: content }],
      moves: [
        {
          does: unloaded.length > 0 ? `load ${unloaded.join(', ')}` : `write ${path}`,
          on: it.on,
          run: lines(writeOwnFile(it.id, path, content), ...unloaded.map((name) => sh`modprobe ${name}`)),
          deadlineS: 60,
        },
      ],
    };
  });
}

/** Modules are not unloaded: something else may use them by now. */
function undo(it: Recorded<KernelModuleSpec>, world: World): Verdict {
  const { path, modules } = it.spec;
  return judged(it, world, [contentAsk(it.on, path)], (kept) => {
    const seen = seenContent(kept);
    if (!seen) return gone(`${path} does not exist`);
    if (seen.content !== contentOf(it.spec)) return stays(`${path} was changed after mlk8s wrote it`);
    const does = `remove ${path} (${modules.join(', ')} ${modules.length === 1 ? 'stays' : 'stay'} loaded until the next reboot)`;
    const moves = [{ does, on: it.on, run: removeFile(it.id, path), deadlineS: 30 }];
    return { verdict: 'change', because: 'it was written by mlk8s', moves };
  });
}
