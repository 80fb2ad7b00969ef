import { readFileSync } from 'node:fs';

/** Runs the command of `argv` and ends the process with its exit code. Nothing else in mlk8s exits. */
export async function main(argv: readonly string[]): Promise<void> {
  const args = argv.slice(2);
  // A reader that went away (`mlk8s logs | head`) ends nothing: what runs on the machines is still followed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  const exitCode = await exitCodeOf(args);
  // A pipe takes 64 KiB at once: whoever reads slowly would lose the rest.
  await Promise.all([process.stdout, process.stderr].map(flushed));
  process.exit(exitCode);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

async function exitCodeOf(args: readonly string[]): Promise<number> {
  // Before any import: asking for the version costs no more than starting Node.
  if (args[0] === '--version' || args[0] === '-V') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  try {
    const { run } = await import('./cli/program.ts');
    return await run(args);
  } catch (error) {
    const { report } = await import('./cli/report.ts');
    return report(error, args, version());
  }
}

/** The version of the package, which lies one folder up, whether built or not. */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
