import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Files by their paths below a directory; one of them is its kustomization.yaml. */
export type Files = Readonly<Record<string, string>>;

/** The first line of a kustomization.yaml that may be written again. */
export const renderedMark = '# Written by hello-webhook render, which overwrites what is changed here.\n';

/**
 * A rendered manifest as files for Git. The webhook configuration has a folder of its own: it is to be applied once the
 * function is ready, and deleted before it.
 */
export function manifestFiles(manifest: string): Files {
  const objects = manifest.split(/^---\n/m);
  const isWebhook = (object: string) => /^kind: MutatingWebhookConfiguration$/m.test(object);
  const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - function/manifests.yaml
  - webhook/manifests.yaml
`;
  return {
    'kustomization.yaml': `${renderedMark}${kustomization}`,
    'function/manifests.yaml': objects.filter((object) => !isWebhook(object)).join('---\n'),
    'webhook/manifests.yaml': objects.filter(isWebhook).join('---\n'),
  };
}

/** Writes files into a directory, which is made where there is none. Throws where it has others in their places. */
export async function writeFiles(directory: string, files: Files): Promise<void> {
  const current = (file: string) => {
    const path = join(directory, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const isOurs = current('kustomization.yaml')?.startsWith(renderedMark) ?? false;
  const others = Object.entries(files).filter(([file, text]) => !isOurs && (current(file) ?? text) !== text);
  if (others.length > 0) {
    const names = others.map(([file]) => join(directory, file)).join(', ');
    throw new Error(`${names}: not written by render before, and left as it is: give another directory, or delete it`);
  }
  for (const [file, text] of Object.entries(files)) {
    const path = join(directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
