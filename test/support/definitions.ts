import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import type { Cluster } from '../api-server/cluster.ts';
import { goModule } from './go-module.ts';

const networking = 'knative.dev/networking@v0.0.0-20240716111826-bab7f2a3e556';

/**
 * Installs the definitions of all kinds that the manifests use, Knative's and its cert-manager's, and waits until they are
 * served. Skips where kubectl or Go is missing.
 */
export async function installDefinitions(
  test: Context,
  cluster: Cluster,
  serving = 'knative.dev/serving@v0.42.2',
): Promise<void> {
  requireKubectl(test);
  const modules = [goModule(test, serving), goModule(test, networking)];
  const files = [
    ...['service', 'revision', 'domain-mapping'].map((name) =>
      join(modules[0] ?? '', `config/core/300-resources/${name}.yaml`),
    ),
    join(modules[0] ?? '', 'third_party/cert-manager-latest/cert-manager.yaml'),
    join(modules[1] ?? '', 'config/domain-claim.yaml'),
  ];
  const definitions = files.flatMap(readManifest).filter(({ kind }) => kind === 'CustomResourceDefinition');
  for (const definition of definitions)
    await apply(cluster.api, withoutConversion(definition), { fieldManager: 'test' });
  for (const { metadata } of definitions) await cluster.established(metadata.name ?? '');
}

/** Skips, and says so, where kubectl is missing; fails where CI is set. */
export function requireKubectl(test: Context): void {
  if (!spawnSync('kubectl', ['version', '--client']).error) return;
  if (process.env.CI) throw new Error('kubectl is not installed');
  console.log('    skipped, kubectl is not installed');
  test.skip();
}

/** The webhooks that convert between versions are not running. */
function withoutConversion(definition: KubernetesObject): KubernetesObject {
  const { conversion: _, ...spec } = definition.spec as Record<string, unknown>;
  return { ...definition, spec };
}
