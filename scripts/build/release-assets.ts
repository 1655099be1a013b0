/** `npm run release-assets -- IMAGE DIRECTORY`: writes the manifests of each way of reaching the function, as a release has them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultInstallation } from '../install/installation.ts';
import { reaches } from '../install/reach.ts';
import { render } from '../install/render.ts';

const [image = '', directory = ''] = process.argv.slice(2);
if (!/@sha256:[0-9a-f]{64}$/.test(image) || directory === '') {
  console.error('npm run release-assets -- IMAGE DIRECTORY, the image by its digest: REGISTRY/hello-webhook@sha256:…');
  process.exit(2);
}
await mkdir(directory, { recursive: true });
await using cleanup = new AsyncDisposableStack();
for (const reach of reaches) {
  const { manifest } = await render({ ...defaultInstallation, reach, image, components: ['ensure'] }, cleanup);
  await writeFile(join(directory, `install-${reach}.yaml`), manifest);
}
