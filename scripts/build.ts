/** `npm run build`: bundles the function into dist/start.cjs. */
import { statSync } from 'node:fs';
import { bundle } from './bundle.ts';

const outfile = 'dist/start.cjs';
await bundle(outfile);
console.log(`${outfile}: ${Math.round(statSync(outfile).size / 1000)} kB`);
