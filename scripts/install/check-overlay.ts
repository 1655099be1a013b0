import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseManifest } from '../kubernetes/manifest.ts';
import { meaningOf } from './kustomize-refusal.ts';
import type { Kustomization } from './overlay-fields.ts';
import { type OverlayFindings, overlayFindings } from './overlay-problems.ts';
import { kustomize } from './render.ts';

/**
 * What is wrong with the overlay in a directory, and what may be meant. Throws with kustomize's own words where it refuses
 * it, after their meaning where that is known.
 */
export async function checkOverlay(directory: string): Promise<OverlayFindings> {
  const rendered = await kustomize(directory).catch(({ message }: Error) => {
    const meaning = meaningOf(message);
    throw new Error(`${directory}: ${meaning === undefined ? '' : `${meaning}\n`}kustomize: ${message}`);
  });
  return overlayFindings(parseManifest(rendered, directory), kustomizationIn(directory));
}

/** Its kustomization.yaml, with what is in the files that it names. */
function kustomizationIn(directory: string): Kustomization {
  const file = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']
    .map((name) => join(directory, name))
    .find(existsSync);
  const { patches, configMapGenerator, ...rest } = (file && (parse(readFileSync(file, 'utf8')) as Written)) || {};
  const textOf = (path: string) => readFileSync(join(directory, path), 'utf8');
  return {
    ...rest,
    ...(patches && {
      patches: patches.map(({ path, ...patch }) => (path === undefined ? patch : { ...patch, patch: textOf(path) })),
    }),
    ...(configMapGenerator && {
      configMapGenerator: configMapGenerator.map(({ literals = [], envs = [], ...generator }) => ({
        ...generator,
        literals: [...literals, ...envs.flatMap((path) => linesOf(textOf(path)))],
      })),
    }),
  };
}

interface Written extends Kustomization {
  configMapGenerator?: { name?: string; literals?: string[]; envs?: string[] }[];
}

/** The variables of a file of `envs`, as kustomize reads it. */
function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
}
