import { expect, it } from 'vitest';
import { browserCommand } from '../../src/transport/browser.ts';

it.each<[where: string, platform: NodeJS.Platform, env: NodeJS.ProcessEnv, program: string | undefined]>([
  ['a desktop', 'linux', { DISPLAY: ':0' }, 'xdg-open'],
  ['a desktop with Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, 'xdg-open'],
  ['a server', 'linux', {}, undefined],
  ['Windows with WSL', 'linux', { WSL_DISTRO_NAME: 'Ubuntu' }, 'cmd.exe'],
  ['a Mac', 'darwin', {}, 'open'],
  ['a Mac that somebody is logged in to over SSH', 'darwin', { SSH_CONNECTION: '10.0.0.1 5 10.0.0.2 22' }, undefined],
])('on %s', (_, platform, env, program) => {
  expect(browserCommand(platform, env)?.[0]).toBe(program);
});
