import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { parseInjections } from '../../function/injections/load.ts';
import type { Injection } from '../../function/review/injection.ts';
import { parseManifest } from '../kubernetes/manifest.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { manifestPath } from './manifests.ts';
import { type Overlay, overlayFor, type Wanted } from './overlay.ts';

/** The objects of an overlay, and the injections that their webhook is for. */
export interface Rendered {
  objects: KubernetesObject[];
  injections: Injection[];
}

/**
 * The objects of an overlay of these manifests, as `kubectl apply -k` would apply them. Throws a ConfigurationError where
 * the injections are invalid, and an Error where kubectl, whose kustomize this takes, is not installed.
 */
export async function render(wanted: Wanted, cleanup: AsyncDisposableStack): Promise<Rendered> {
  const directory = realpathSync(temporaryDirectory(join(tmpdir(), 'hello-webhook-'), cleanup));
  const configured = await wantedInjections(wanted);
  const overlay = overlayFor(wanted, configured, (folder) => relative(directory, realpathSync(manifestPath(folder))));
  await writeOverlay(directory, overlay);
  return { objects: await kustomize(directory), injections: configured.injections };
}

/** The wanted injections, or the demo's, as they are written and what they say. */
export async function wantedInjections({ injections: wanted }: Pick<Wanted, 'injections'>): Promise<{
  text: string;
  injections: Injection[];
}> {
  const text = wanted ?? (await readFile(manifestPath('demo/injection/injections.yaml'), 'utf8'));
  return { text, injections: parseInjections(text, 'injections.yaml') };
}

/** Writes the files of an overlay into a directory. */
export async function writeOverlay(directory: string, overlay: Overlay): Promise<void> {
  for (const [file, text] of Object.entries(overlay)) await writeFile(join(directory, file), text);
}

/** What `kubectl apply -k` would apply of a directory. Throws with kustomize's own words where it refuses. */
export async function kustomize(directory: string): Promise<KubernetesObject[]> {
  try {
    const { stdout } = await promisify(execFile)('kubectl', ['kustomize', directory], { maxBuffer: 2 ** 26 });
    return parseManifest(stdout, directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('kubectl is not installed: its kustomize renders the manifests', { cause: error });
  }
}
