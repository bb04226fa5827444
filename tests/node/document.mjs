// Runs one of the guides' clients as it is written, except for the address, and tells what it prints.
//
// Argument: {"file", "replace": [[from, to], …], "append": "code after the last line"}
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { listen, tell } from './lines.mjs';

const { file, replace = [], append = '' } = JSON.parse(process.argv[2]);
const address = new URL(file, new URL('guides/', import.meta.url));

let source = readFileSync(address, 'utf8');
for (const [from, to] of replace) {
  if (!source.includes(from)) throw new Error(`${file} does not hold ${from}`);
  source = source.replaceAll(from, to);
}

registerHooks({
  load(url, context, nextLoad) {
    if (url !== address.href) return nextLoad(url, context);
    return { format: 'module', source: `${source}\n${append}`, shortCircuit: true };
  },
});

for (const level of ['log', 'warn', 'error']) {
  console[level] = (...args) => tell({ what: level, first: args[0], args });
}
listen(({ run }) => globalThis.commands[run]());
await import(address.href);
tell({ what: 'running' });
