import { readFileSync, readlinkSync } from 'node:fs';
import net from 'node:net';

/** The process in the new network namespace; undefined until unshare has made it. */
export function namespaceOf(wrapper: number): number | undefined {
  const own = network(process.pid);
  const first = children(wrapper)[0];
  return first && network(first) !== own ? first : undefined;
}

/** The systemd of the machine: first process of the innermost process namespace. */
export function initOf(wrapper: number): number | undefined {
  const all = descendants(wrapper);
  return all.find((pid) => {
    const line = /^NSpid:\t(.*)$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1]?.split('\t') ?? [];
    return line.length > 2 && line.at(-1) === '1' && read(`/proc/${pid}/comm`)?.trim() === 'systemd';
  });
}

function descendants(pid: number): number[] {
  return children(pid).flatMap((child) => [child, ...descendants(child)]);
}

function children(pid: number): number[] {
  return (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
}

function network(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether an SSH server answers at that address. */
export function hasBanner(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port: 22, timeout: 500 });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('data', (data) => end(data.toString().startsWith('SSH-')));
    for (const event of ['error', 'timeout', 'close'] as const) socket.once(event, () => end(false));
  });
}
