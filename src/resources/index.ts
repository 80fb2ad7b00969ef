import type { Kind } from '../engine/types.ts';
import { debtKind } from './debt.ts';
import { directoryKind } from './directory.ts';
import { dpkgStateKind } from './dpkg-state.ts';
import { fileKind } from './file.ts';
import { fileBlockKind } from './file-block.ts';
import { healthCheckKind } from './health-check.ts';
import { hostnameKind } from './hostname.ts';
import { kernelModuleKind } from './kernel-module.ts';
import { memoryCgroupKind } from './memory-cgroup.ts';
import { packageKind } from './package.ts';
import { serviceKind } from './service.ts';
import { sysctlKind } from './sysctl.ts';
import { timeSyncKind } from './time-sync.ts';
import { ufwRulesKind } from './ufw-rules.ts';
import { unitMaskedKind } from './unit-masked.ts';

const all: readonly Kind[] = [
  debtKind,
  directoryKind,
  dpkgStateKind,
  fileBlockKind,
  fileKind,
  healthCheckKind,
  hostnameKind,
  kernelModuleKind,
  memoryCgroupKind,
  packageKind,
  serviceKind,
  sysctlKind,
  timeSyncKind,
  ufwRulesKind,
  unitMaskedKind,
];

/** Every kind of resource by its name. */
export const kinds: Readonly<Record<string, Kind>> = Object.fromEntries(all.map((kind) => [kind.kind, kind]));
