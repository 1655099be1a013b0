/** `npm run build`: bundles the function into dist. */
import { statSync } from 'node:fs';
import { bundle } from './bundle.ts';

await bundle('dist');
for (const file of ['dist/start.cjs', 'dist/cluster.cjs']) {
  console.log(`${file}: ${Math.round(statSync(file).size / 1000)} kB`);
}
