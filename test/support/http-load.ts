// Process: keep-alive HTTP clients inside a namespace, each with one request at a time, until standard input ends. Each line of
// it is answered with what came of all requests so far, as JSON: { requests, failed, byName }.
//   node http-load.ts HOST PORT CLIENTS
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';

const [host = '127.0.0.1', port = '80', clients = '1'] = process.argv.slice(2);
const failed: string[] = [];
const byName: Record<string, number> = {};
let requests = 0;
let going = true;

function ask(agent: Agent): Promise<void> {
  return new Promise((resolve) => {
    const fail = (why: string): void => {
      failed.push(why);
      resolve();
    };
    const asked = get({ host, port: Number(port), path: '/', agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', (error) => fail(error.message));
      response.on('end', () => {
        if (response.statusCode !== 200) return fail(`${response.statusCode}`);
        const { name } = JSON.parse(text) as { name: string };
        byName[name] = (byName[name] ?? 0) + 1;
        requests += 1;
        resolve();
      });
    });
    asked.setTimeout(10_000, () => asked.destroy(new Error('no answer in 10 s')));
    asked.on('error', (error) => fail(error.message));
  });
}

async function client(): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (going) await ask(agent);
  agent.destroy();
}

const running = Promise.all(Array.from({ length: Number(clients) }, client));
for await (const _ of createInterface({ input: process.stdin }))
  console.log(JSON.stringify({ requests, failed: failed.slice(0, 20), byName }));
going = false;
await running;
process.exit(0);
