// JSON lines between a script and the test that started it: happenings out, commands in.
import { createInterface } from 'node:readline';

/** Tell the test of one happening. */
export function tell(happening) {
  process.stdout.write(`${JSON.stringify(happening, printable)}\n`);
}

/** Call `obey` with each command; the script ends when the test closes the line. */
export function listen(obey) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => obey(JSON.parse(line)));
  lines.on('close', () => process.exit(0));
}

function printable(_name, value) {
  if (value instanceof Error || value instanceof Event) return String(value);
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return '(binary)';
  return value;
}

process.on('uncaughtException', (error) => tell({ what: 'crash', error: error.stack }));
process.on('unhandledRejection', (error) => tell({ what: 'crash', error: String(error) }));
