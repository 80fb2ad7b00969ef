import { ExitCode, UserError } from '../errors.ts';

/** Ctrl-C as the engine wants it: once to finish what runs, twice to let go. */
export interface Interrupt {
  readonly stop: AbortSignal;
  readonly letGo: AbortSignal;
  /** Gives Ctrl-C back to the system. */
  release(): void;
}

/** Listens for Ctrl-C; `say` hears what that means. A third one ends the process the hard way. */
export function listenForInterrupt(say: (text: string) => void): Interrupt {
  const stop = new AbortController();
  const letGo = new AbortController();
  const listener = (): void => {
    if (!stop.signal.aborted) {
      say('Finishing what runs, then stopping. Ctrl-C again lets go at once; what runs on the machines goes on there.');
      stop.abort();
      return;
    }
    say('Letting go. What runs on the machines goes on there; the next run follows it to its end.');
    letGo.abort();
    release();
  };
  const release = (): void => {
    process.off('SIGINT', listener);
  };
  process.on('SIGINT', listener);
  return { stop: stop.signal, letGo: letGo.signal, release };
}

/** For commands that change nothing: the first Ctrl-C ends them. */
export async function endOnInterrupt<T>(work: () => Promise<T>, stop: AbortSignal): Promise<T> {
  const problem = { where: 'mlk8s', seen: 'interrupted; nothing was changed', next: ['run the command again'] };
  const interrupted = () => new UserError(problem, ExitCode.interrupted);
  if (stop.aborted) throw interrupted();
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener('abort', () => reject(interrupted()), { once: true });
  });
  return Promise.race([work(), stopped]);
}
