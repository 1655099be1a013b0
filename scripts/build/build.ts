/** `npm run build [-- IMAGE]`: bundles the function and the program into dist; a release's program deploys IMAGE by default. */
import { globSync, rmSync, statSync } from 'node:fs';
import { bundleFunction } from './bundle-function.ts';
import { bundleProgram } from './bundle-program.ts';

// Code caches and chunks of earlier bundles would stay otherwise.
for (const old of [...globSync('dist/*.cache'), 'dist/program']) rmSync(old, { recursive: true, force: true });
await bundleFunction('dist');
await bundleProgram('dist', process.argv[2]);
for (const file of globSync(['dist/*.cjs', 'dist/program/*']).sort())
  console.log(`${file}: ${Math.round(statSync(file).size / 1000)} kB`);
