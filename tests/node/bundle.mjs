// Makes one file for a browser out of the code that comes in, with the packages it imports.
import { buildSync } from 'esbuild';
import { text } from 'node:stream/consumers';

const made = buildSync({
  stdin: { contents: await text(process.stdin), loader: 'jsx', resolveDir: import.meta.dirname },
  bundle: true,
  write: false,
  format: 'iife',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
});
process.stdout.write(made.outputFiles[0].text);
