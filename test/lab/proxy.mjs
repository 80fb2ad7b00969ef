// A bad line in front of an SSH server. Runs in the machine's own network, so that its address stays what it is.
// Words: port to listen on, milliseconds that every byte is late, each way. Orders on standard input, a line each:
// `freeze` (nothing goes through, nothing is closed), `thaw`, `cut` (all connections are reset).
import net from 'node:net';
import { createInterface } from 'node:readline';

const [port, delayMs] = process.argv.slice(2).map(Number);
const pairs = new Set();
let frozen = false;
const waiting = [];

function pump(from, to) {
  from.on('data', (bytes) => {
    const deliver = () => (frozen ? waiting.push(deliver) : to.write(bytes));
    setTimeout(deliver, delayMs);
  });
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  for (const event of ['error', 'close']) from.on(event, () => to.destroySoon());
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const machine = net.connect({ port: 22, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const pair = { client, machine };
  pairs.add(pair);
  client.on('close', () => pairs.delete(pair));
  pump(client, machine);
  pump(machine, client);
});
server.listen(port, () => console.log('listening'));

createInterface({ input: process.stdin }).on('line', (order) => {
  if (order === 'freeze') frozen = true;
  if (order === 'thaw') {
    frozen = false;
    for (const deliver of waiting.splice(0)) deliver();
  }
  if (order === 'cut') for (const { client } of pairs) client.resetAndDestroy();
  console.log(order);
});
// Its parent is gone.
process.stdin.on('end', () => process.exit());
