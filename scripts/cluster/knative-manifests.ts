import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '../kubernetes/manifest.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { type Build, downloadGoModule } from '../local/go-program.ts';
import { modules } from './programs.ts';

/** The manifests of cert-manager, Knative, and its gateway, that the published modules carry. */
export async function readKnativeManifests(build: Build): Promise<KubernetesObject[]> {
  const directoryOf = async ({ module, version }: { module: string; version: string }) =>
    (await downloadGoModule(module, version, build)).directory;
  const serving = await directoryOf(modules.serving);
  const gateway = await directoryOf(modules.netGatewayApi);
  const contour = await directoryOf(modules.contour);
  const goMod = await readFile(join(serving, 'go.mod'), 'utf8');
  const networking = await directoryOf(requirementOf(goMod, 'knative.dev/networking'));
  const caching = await directoryOf(requirementOf(goMod, 'knative.dev/caching'));
  const gatewayApi = readManifest(join(serving, 'third_party/gateway-api-latest/gateway-api.yaml'));
  const provisioner = readManifest(join(contour, 'examples/render/contour-gateway-provisioner.yaml'));
  const files = [
    join(serving, 'third_party/cert-manager-latest/cert-manager.yaml'),
    ...globSync(join(serving, 'config/core/**/*.yaml')).sort(),
    // Serving's own config has links to these, which a published module cannot hold.
    ...['certificate', 'domain-claim', 'ingress', 'serverlessservice', 'config-network'].map((name) =>
      join(networking, `config/${name}.yaml`),
    ),
    join(caching, 'config/image.yaml'),
    ...['config/200-clusterrole', 'config/300-controller', 'third_party/contour/config-gateway'].map((name) =>
      join(gateway, `${name}.yaml`),
    ),
    ...['external', 'internal'].map((name) => join(gateway, `third_party/contour/gateway-${name}.yaml`)),
  ];
  // Contour brings older definitions of the Gateway API along.
  const known = new Set(gatewayApi.map(titleOf));
  const own = provisioner.filter((object) => !known.has(titleOf(object)));
  return [...gatewayApi, ...own, ...files.flatMap((file) => readManifest(file))];
}

function titleOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`;
}

/** The version of a module that a go.mod requires. */
function requirementOf(goMod: string, module: string): { module: string; version: string } {
  const version = goMod.match(new RegExp(`^\\s*${module} v(\\S+)`, 'm'))?.[1];
  if (version === undefined) throw new Error(`go.mod does not require ${module}`);
  return { module, version };
}
