import type { V1ConfigMap } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { copyFinding } from '../doctor/checks/pods/copies.ts';
import { missingFinding, type Source, sourcesOf } from '../doctor/checks/pods/volume-sources.ts';
import type { Copy } from '../install/copies.ts';
import { ApiError, type KubernetesApi } from '../kubernetes/client.ts';
import { read, unless } from '../kubernetes/read.ts';
import { type Finding, ok } from '../terminal/finding.ts';
import { containersWith, type Subject } from './subject.ts';

/** What stands in a Pod that has all of an injection, and whether what it mounts is there and up to date with its source. */
export async function contentFinding(
  api: KubernetesApi,
  subject: Subject,
  injection: Injection,
  { namespace, sourceNamespace }: { namespace: string; sourceNamespace: string },
): Promise<Finding> {
  const { pod, isThere } = subject;
  const place = isThere ? containersWith(subject, injection).join(', ') : 'its next Pod';
  const injected = `injected into ${place}: ${whatStands(injection)}`;
  for (const source of sourcesOf(injection)) {
    // Where the function copies it, it does so as the Pod is created.
    const isNeeded = isThere || !source.isEnsured;
    if (isNeeded && (await isMissing(api, source, namespace))) {
      return after(injected, missingFinding(source, [inNamespace(pod, namespace)]));
    }
    const stale = await staleFinding(api, source, namespace, sourceNamespace);
    if (stale) return after(injected, stale);
  }
  return ok(injected);
}

function after(what: string, finding: Finding): Finding {
  return { ...finding, text: `${what}; ${finding.text}` };
}

/** Read without its content, which for a Secret is nobody's business here; where it may not be read, it is not known to be missing. */
async function isMissing(api: KubernetesApi, { kind, name }: Source, namespace: string): Promise<boolean> {
  const path = `/api/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
  const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  try {
    await api.send('GET', path, { accept });
    return false;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 403)) throw error;
    return error.status === 404;
  }
}

async function staleFinding(
  api: KubernetesApi,
  { kind, name, isEnsured }: Source,
  namespace: string,
  sourceNamespace: string,
): Promise<Finding | undefined> {
  if (kind !== 'ConfigMap' || !isEnsured || namespace === sourceNamespace) return undefined;
  const [copy, original] = await Promise.all(
    [namespace, sourceNamespace].map((where) =>
      unless(403, read<V1ConfigMap>(api, `/api/v1/namespaces/${where}/configmaps/${name}`)),
    ),
  );
  if (!copy || !original) return undefined;
  const finding = copyFinding([copy as Copy], [original]);
  return finding.status === 'ok' ? undefined : finding;
}

/** `/etc/config, NODE_EXTRA_CA_CERTS`: its mounts and variables. */
function whatStands({ mounts, env }: Injection): string {
  return [...mounts.map(({ mountPath }) => mountPath), ...env.map(({ name }) => name)].join(', ');
}

function inNamespace(pod: Subject['pod'], namespace: string): Subject['pod'] {
  return { ...pod, metadata: { ...pod.metadata, namespace } };
}
