// Builds ../assets. `--check` builds nowhere and says whether the files there are those of this source.
import { build } from 'esbuild';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const out = new URL('../assets/', import.meta.url);
const here = path => new URL(path, import.meta.url);
const { outputFiles } = await build({
    entryPoints: { app: 'src/main.tsx', pause: 'src/pause.tsx' },
    absWorkingDir: here('.').pathname,
    bundle: true,
    splitting: true,
    format: 'esm',
    chunkNames: 'shared',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    outdir: '.',
    write: false,
});
const css = await build({ entryPoints: [here('src/styles/app.css').pathname], bundle: true, minify: true, charset: 'utf8', write: false, outdir: '.' });
const files = new Map();
for (const file of [...outputFiles, ...css.outputFiles]) files.set(file.path.split('/').pop(), file.text);
for (const name of ['index.html', 'pause.html', 'icon.svg']) files.set(name, await readFile(here(`src/${name}`), 'utf8'));

const check = process.argv.includes('--check');
await mkdir(out, { recursive: true });
let total = 0;
const stale = [];
for (const [name, text] of [...files].sort()) {
    const size = gzipSync(text, { level: 9 }).length;
    total += size;
    const path = new URL(name, out);
    if (check) {
        if ((await readFile(path, 'utf8').catch(() => '')) !== text) stale.push(name);
    } else {
        await writeFile(path, text);
        console.log(`${name.padEnd(12)} ${String(text.length).padStart(7)} bytes, ${String(size).padStart(6)} gzipped`);
    }
}
console.log(`together     ${total} bytes gzipped`);
if (total > 40_000) {
    console.error('error: the page has to stay below 40,000 bytes gzipped.');
    process.exitCode = 1;
}
if (stale.length) {
    console.error(`error: ${stale.join(', ')} in ../assets is not what this source makes. Run \`npm ci && npm run build\` and commit the result.`);
    process.exitCode = 1;
}
