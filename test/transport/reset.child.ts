/** Runs in a process of its own: what it prints shows that it was still alive then. */
import { setTimeout as wait } from 'node:timers/promises';
import { rig } from './rig.ts';

const { host, server, close } = await rig({
  onExec: ({ socket, nth }) => {
    if (nth !== 2) return false;
    setTimeout(() => socket.resetAndDestroy(), 20);
    return true;
  },
});
const S5 = { deadlineS: 5 };
await host.exec('true', S5);
console.log('first ok');
await host.exec('true', S5).catch((error) => console.log(error.kind));
await host.exec('true', S5);
server.sockets[1]?.resetAndDestroy();
await wait(100);
console.log('idle ok');
await host.exec('true', S5);
await close();
console.log('alive');
