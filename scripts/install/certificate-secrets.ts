import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list } from '../kubernetes/read.ts';
import type { Installation } from './installation.ts';

const certificateName = 'cert-manager.io/certificate-name';

/** The Certificates of manifests: named here, since one that was deleted before its Secret can be asked no more. */
const ours = ['hello-webhook-ca', 'hello-webhook-gateway'];

/** The names of the Certificates whose Secrets are an installation's: those of the manifests, and Knative's for its function. */
export async function certificatesOf(api: KubernetesApi, { name, namespace }: Installation): Promise<Set<string>> {
  const selector = `labelSelector=serving.knative.dev%2Froute%3D${name}`;
  const ofKnative = await list(api, `${certificatesIn(namespace)}?${selector}`);
  return new Set([...ours, ...ofKnative.flatMap(({ metadata }) => metadata.name ?? [])]);
}

/** The Secrets that cert-manager has filled for Certificates of these names, which are there no more: it leaves them behind. */
export async function secretsLeft(
  api: KubernetesApi,
  { namespace }: Installation,
  names: ReadonlySet<string>,
): Promise<KubernetesObject[]> {
  const there = new Set((await list(api, certificatesIn(namespace))).map(({ metadata }) => metadata.name));
  const secrets = await list(api, `/api/v1/namespaces/${namespace}/secrets`);
  return secrets.filter(({ metadata }) => {
    const { [certificateName]: name } = (metadata.annotations ?? {}) as Record<string, string>;
    return name !== undefined && names.has(name) && !there.has(name);
  });
}

function certificatesIn(namespace: string): string {
  return `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates`;
}
