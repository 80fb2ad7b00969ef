import { execFileSync } from 'node:child_process';

/** Tests that run the command use the bundle, as users do: it is made once before all tests. */
export function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
