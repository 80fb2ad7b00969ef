import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, clusterSchema } from '../../src/config/schema.ts';
import { openRehearsal, type RehearsalOptions } from '../../src/rehearsal/client.ts';
import { RehearsalServer } from '../../src/rehearsal/host-process.ts';
import type { Host, Hosts } from '../../src/transport/host.ts';
import { toyModel } from './toy-model.ts';

/** A rehearsal of its own for one test, with its server in this process. */
export class TestSite {
  readonly state = mkdtempSync(join(tmpdir(), 'mlk8s-test-'));
  readonly #before = process.env.XDG_STATE_HOME;
  server: RehearsalServer | undefined;

  constructor() {
    process.env.XDG_STATE_HOME = this.state;
  }

  get dir(): string {
    return join(this.state, 'mlk8s', 'rehearsal', 'toy');
  }

  async start(scale = 100): Promise<RehearsalServer> {
    this.server = await RehearsalServer.start({
      dir: this.dir,
      cluster: 'toy',
      model: toyModel,
      scale,
      idleMs: 600_000,
    });
    return this.server;
  }

  open(file: Cluster = toyFile(), options: RehearsalOptions = {}): Promise<Hosts> {
    return openRehearsal(file, options);
  }

  async end(): Promise<void> {
    await this.server?.stop();
    rmSync(this.state, { recursive: true, force: true });
    if (this.#before === undefined) delete process.env.XDG_STATE_HOME;
    else process.env.XDG_STATE_HOME = this.#before;
  }
}

export function toyFile(nodes: readonly Record<string, unknown>[] = [{ name: 'rig1', address: '10.0.0.1' }]): Cluster {
  return clusterSchema.parse({ name: 'toy', nodes });
}

/** Runs a script and gives its output as text. */
export async function runOn(host: Host, script: string): Promise<{ stdout: string; stderr: string; code: number }> {
  const { stdout, stderr, code } = await host.exec(script, { deadlineS: 600 });
  return { stdout: stdout.toString(), stderr, code };
}
