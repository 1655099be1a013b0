import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';

/** Published Go modules with manifests that people have written, and no test of ours. */
export const publishedModules = [
  'knative.dev/serving@v0.42.2',
  'github.com/projectcontour/contour@v1.33.8',
  'k8s.io/kubernetes@v1.37.2',
];

/** A file with the objects in it. */
export interface PublishedManifest {
  file: string;
  text: string;
  objects: KubernetesObject[];
}

/** The manifests with Pod templates in a directory. Templates of templates, of Helm or Go, are none: they are no YAML. */
export function publishedManifests(directory: string): PublishedManifest[] {
  return globSync('**/*.{yaml,yml,json}', { cwd: directory }).flatMap((file) => {
    const text = readFileSync(join(directory, file), 'utf8');
    if (!/\bcontainers\b/.test(text) || /\{\{|\{%/.test(text)) return [];
    try {
      return [{ file, text, objects: parseManifest(text, file) }];
    } catch {
      return [];
    }
  });
}
