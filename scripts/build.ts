/** `npm run build`: bundles the function into dist. */
import { globSync, statSync } from 'node:fs';
import { bundle } from './bundle.ts';

await bundle('dist');
for (const file of globSync('dist/*.cjs').sort()) console.log(`${file}: ${Math.round(statSync(file).size / 1000)} kB`);
