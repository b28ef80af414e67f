// Builds ../assets. `--check` builds nowhere and says whether the files there are those of this source.
import { build } from 'esbuild';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { minify } from 'terser';

/** All of it stays below this, in bytes, gzipped. */
const MOST = 40_000;
/** Names of this page's own properties, which neither the server nor the browser knows: they need not be long. */
const OWN = /^(about|acts|along|asksWho|bare|bars|begun|breaks|calm|choose|chosen|cost|embedded|fixed|flip|focusWrong|idle|inner|integer|leave|loads|mark|named|needed|nullable|pick|places|prepare|preset|readWhole|refresh|reload|removable|room|slim|there|verb|waited|worked|hint|icon|field|chips|columns|danger|heading|busy|depth|lines|raw|pages|forget|since|model|more|words|wrong|example|query|graph|edge|tabs|tone|getDerivedState\w+|getSnapshotBeforeUpdate|getChildContext|component[WD]\w+|shouldComponentUpdate|contextType|defaultProps|debounceRendering|forceUpdate|setState|diffed|unmount|vnode)$/;

/** Style without the spaces that are left in variables, whose names need not be long either. */
function packed(css) {
    const names = new Map();
    return css.replace(/([:,]) +(?=[^{}]*})| +(?=})/g, '$1').replace(/--[a-z]+/g, name => names.get(name) ?? names.set(name, `--${names.size.toString(36)}`).get(name));
}

const out = new URL('../assets/', import.meta.url);
const here = path => new URL(path, import.meta.url);
const options = { bundle: true, minify: true, charset: 'utf8', legalComments: 'none', write: false };
const script = await build({
    ...options,
    entryPoints: [here('src/main.tsx').pathname],
    format: 'esm',
    target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
    // Calls of `h` are shorter than those of the newer transform, which tsconfig.json asks for.
    tsconfigRaw: '{}',
    jsx: 'transform',
    jsxFactory: 'h',
    jsxFragment: 'Fragment',
    inject: [here('src/jsx.ts').pathname],
});
const style = await build({ ...options, entryPoints: [here('src/styles/app.css').pathname], target: ['chrome123', 'firefox120', 'safari17.5'] });
const smaller = await minify(script.outputFiles[0].text, { module: true, ecma: 2022, mangle: { properties: { regex: OWN } }, compress: { passes: 3, unsafe: true, inline: 1, unsafe_arrows: true, unsafe_comps: true, pure_getters: true, unsafe_math: true, keep_fargs: false } });
const files = new Map([['app.js', `${smaller.code}\n`], ['app.css', packed(style.outputFiles[0].text)]]);
for (const name of ['index.html', 'pause.html']) files.set(name, await readFile(here(`src/${name}`), 'utf8'));

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
        console.log(`${name.padEnd(12)} ${String(Buffer.byteLength(text)).padStart(7)} bytes, ${String(size).padStart(6)} gzipped`);
    }
}
console.log(`together     ${total} bytes gzipped`);
if (total >= MOST) {
    console.error(`error: the page has to stay below ${MOST} bytes gzipped.`);
    process.exitCode = 1;
}
if (stale.length) {
    console.error(`error: ${stale.join(', ')} in ../assets is not what this source makes. Run \`npm ci && npm run build\` and commit the result.`);
    process.exitCode = 1;
}
