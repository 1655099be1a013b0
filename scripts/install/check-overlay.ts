import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseManifest } from '../kubernetes/manifest.ts';
import { type Kustomization, overlayProblems } from './overlay-problems.ts';
import { kustomize } from './render.ts';

/** What is wrong with the overlay in a directory. Throws with kustomize's own words where it refuses it. */
export async function checkOverlay(directory: string): Promise<string[]> {
  const files = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'].map((name) => join(directory, name));
  const file = files.find(existsSync);
  const kustomization: Kustomization = (file && parse(readFileSync(file, 'utf8'))) || {};
  const patches = kustomization.patches?.map(({ path, ...patch }) =>
    path === undefined ? patch : { ...patch, patch: readFileSync(join(directory, path), 'utf8') },
  );
  return overlayProblems(parseManifest(await kustomize(directory), directory), {
    ...kustomization,
    ...(patches && { patches }),
  });
}
