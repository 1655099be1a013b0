import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { parseInjections } from '../../function/injections/load.ts';
import type { Injection } from '../../function/review/injection.ts';
import { parseManifest } from '../kubernetes/manifest.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { withoutTokens } from '../terminal/redact.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { refusalIn } from './kustomize-refusal.ts';
import { manifestPath } from './manifests.ts';
import { overlayFor, type Wanted } from './overlay.ts';
import { type Files, writeFiles } from './rendered-files.ts';

/** An overlay as it is rendered, and the injections that its webhook is for. */
export interface Rendered {
  /** YAML, as kustomize writes it: the objects in the order in which they are to be applied. */
  manifest: string;
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
  await writeFiles(directory, overlay);
  const manifest = await kustomize(directory);
  return { manifest, objects: parseManifest(manifest, directory), injections: configured.injections };
}

/**
 * An overlay such as a person keeps it in a repository of their own. `manifests` is where it takes ours from: a URL with its
 * ref, `https://HOST/PATH//manifests?ref=v1`, or a path. Throws a ConfigurationError where the injections are invalid.
 */
export async function renderOverlay(wanted: Wanted, manifests: string): Promise<Files> {
  const [, base, query] = /^([^?]*)(.*)$/s.exec(manifests) ?? [];
  return overlayFor(wanted, await wantedInjections(wanted), (folder) => `${base}/${folder}${query}`);
}

/** The wanted injections, or the demo's, as they are written and what they say. */
export async function wantedInjections({ injections: wanted }: Pick<Wanted, 'injections'>): Promise<{
  text: string;
  injections: Injection[];
}> {
  const text = wanted ?? (await readFile(manifestPath('demo/injection/injections.yaml'), 'utf8'));
  return { text, injections: parseInjections(text, 'injections.yaml') };
}

/** What `kubectl apply -k` would apply of a directory, as YAML. Throws with kustomize's own words where it refuses. */
export async function kustomize(directory: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('kubectl', ['kustomize', directory], { maxBuffer: 2 ** 26 });
    return stdout;
  } catch (error) {
    const { code, message, stderr } = error as NodeJS.ErrnoException & { stderr: string };
    // Without the error itself, whose message and stderr may quote the settings, a caller's token among them.
    if (code !== 'ENOENT') throw new Error(withoutTokens(refusalIn(stderr || message)));
    throw new Error('kubectl is not installed: its kustomize renders the manifests', { cause: error });
  }
}
