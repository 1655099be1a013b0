/** `npm run build`: bundles the function into dist. */
import { globSync, rmSync, statSync } from 'node:fs';
import { bundle } from './bundle.ts';

// Code caches of earlier bundles would stay otherwise.
for (const cache of globSync('dist/*.cache')) rmSync(cache);
await bundle('dist');
for (const file of globSync('dist/*').sort()) console.log(`${file}: ${Math.round(statSync(file).size / 1000)} kB`);
