import { spawn } from 'node:child_process';

/** The program that shows an address to the person who sits here; undefined: there is no screen. */
export function browserCommand(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly string[] | undefined {
  if (platform === 'darwin') return env.SSH_CONNECTION ? undefined : ['open'];
  // In WSL the browser is that of Windows.
  if (env.WSL_DISTRO_NAME) return ['cmd.exe', '/c', 'start', ''];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined;
}

/** Shows an address in the browser, if there is one. The address was printed: when this fails nothing is lost. */
export function showInBrowser(address: string, env: NodeJS.ProcessEnv): void {
  const [program, ...args] = browserCommand(process.platform, env) ?? [];
  if (program === undefined) return;
  const child = spawn(program, [...args, address], { detached: true, stdio: 'ignore', env });
  child.on('error', () => undefined);
  child.unref();
}
