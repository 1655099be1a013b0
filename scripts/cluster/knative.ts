import { fileURLToPath } from 'node:url';
import type { V1Deployment } from '@kubernetes/client-node';
import { apply } from '../kubernetes/apply.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { Conditioned } from '../kubernetes/conditions.ts';
import { objectPath } from '../kubernetes/discovery.ts';
import { readManifest } from '../kubernetes/manifest.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { list, read } from '../kubernetes/read.ts';
import { waitForReady } from '../kubernetes/ready.ts';
import { type Look, waitFor } from '../kubernetes/wait.ts';
import type { Build } from '../local/go-program.ts';
import { loadImage, programImages } from './images.ts';
import { readKnativeManifests } from './knative-manifests.ts';
import { withSettings } from './knative-settings.ts';
import { type Node, outcome } from './node.ts';

const fieldManager = 'hello-webhook-cluster';

/** Deployments that are made for Knative's Gateways once these are there. */
const gateways = ['external', 'local'].flatMap((side) => [`contour-knative-${side}`, `envoy-knative-${side}`]);

/** In which order kinds are applied: first what others need, last what gives up without the others. */
const stages: Record<string, number> = { CustomResourceDefinition: 0, Namespace: 0, Deployment: 2 };

/** Puts cert-manager, Knative and its gateway on a node, and waits until all of it is available. */
export async function installKnative({ api, namespaces }: Node, build: Build): Promise<void> {
  const { progress } = build;
  for (const image of programImages()) {
    progress(`loading images: ${image.name}`);
    await loadImage(image, namespaces);
  }
  const objects = (await readKnativeManifests(build)).map(withSettings);
  const wait = { progress, timeoutMs: 240_000 };
  for (const stage of [0, 1, 2]) {
    const members = objects.filter(({ kind }) => (stages[kind] ?? 1) === stage);
    for (const object of members) {
      progress(`applying manifests: ${titleOf(object)}`);
      await apply(api, object, { fieldManager, force: true });
    }
    for (const object of members.filter(({ kind }) => kind === 'CustomResourceDefinition')) {
      await waitFor(`waiting for definitions: ${titleOf(object)}`, () => isEstablished(api, object), wait);
    }
  }
  await waitFor('starting cert-manager and Knative', () => areAvailable(api), wait);
}

/** Applies manifests/platform/issuer once cert-manager takes it, and waits until it can issue. */
export async function applyIssuer(api: KubernetesApi, { progress }: Build): Promise<void> {
  const objects = readManifest(fileURLToPath(new URL('../../manifests/platform/issuer/issuer.yaml', import.meta.url)));
  for (const object of objects) {
    // cert-manager's webhook answers, and is trusted, a moment after its Pod is available.
    const attempt = () => outcome(apply(api, object, { fieldManager }));
    await waitFor(`applying ${titleOf(object)}`, attempt, { progress, timeoutMs: 120_000 });
    await waitForReady(api, object, progress);
  }
}

async function isEstablished(api: KubernetesApi, definition: KubernetesObject): ReturnType<Look<true>> {
  const { status } = (await read<Conditioned>(api, await objectPath(api, definition))) ?? {};
  const established = status?.conditions?.find(({ type }) => type === 'Established');
  return established?.status === 'True' ? { found: true } : { missing: established?.message ?? 'not established yet' };
}

async function areAvailable(api: KubernetesApi): ReturnType<Look<true>> {
  const deployments = await list<V1Deployment>(api, '/apis/apps/v1/deployments');
  const available = deployments.filter(({ status }) =>
    status?.conditions?.some(({ type, status }) => type === 'Available' && status === 'True'),
  );
  const names = deployments.map(({ metadata }) => metadata?.name);
  const missing = [
    ...gateways.filter((name) => !names.includes(name)),
    ...deployments.filter((deployment) => !available.includes(deployment)).map(({ metadata }) => metadata?.name),
  ];
  return missing.length === 0 ? { found: true } : { missing: `${missing.join(', ')} not available yet` };
}
