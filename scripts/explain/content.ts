import type { V1ConfigMap, V1ContainerStatus, V1ObjectMeta } from '@kubernetes/client-node';
import { isCopyFrom } from '../../function/copies/copy.ts';
import type { Injection } from '../../function/review/injection.ts';
import { copyFindings } from '../doctor/checks/pods/copies.ts';
import { missingFinding, type Source, sourcesOf } from '../doctor/checks/pods/volume-sources.ts';
import { restartCommands } from '../doctor/restart.ts';
import type { Copy } from '../install/copies.ts';
import { ApiError, type KubernetesApi } from '../kubernetes/client.ts';
import { dataChanged } from '../kubernetes/data-changed.ts';
import { read, unless } from '../kubernetes/read.ts';
import { type Finding, ok, warning } from '../terminal/finding.ts';
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
    const metadata = await readMetadata(api, source, namespace);
    if (isNeeded && metadata === undefined) {
      return after(injected, missingFinding(source, [inNamespace(pod, namespace)]));
    }
    const stale = await staleFinding(api, source, namespace, sourceNamespace);
    if (stale) return after(injected, withRestart(stale, subject, injection));
    const older = olderContainers(subject, injection, metadata && dataChanged(metadata));
    if (older.length > 0) {
      const text = `${source.kind} ${source.name} has changed since ${older.join(', ')} started: a subPath keeps what it had`;
      return warning(`${injected}; ${text}`, restartCommands([pod]));
    }
  }
  return ok(injected);
}

function after(what: string, finding: Finding): Finding {
  return { ...finding, text: `${what}; ${finding.text}` };
}

/** A file by a subPath is not updated while its container runs. */
function withRestart(stale: Finding, { pod, isThere }: Subject, injection: Injection): Finding {
  return isThere && hasSubPath(injection) ? { ...stale, fix: `${stale.fix}\n${restartCommands([pod])}` } : stale;
}

/** The containers that have had a file by a subPath since before its source was `changed`. */
function olderContainers(subject: Subject, injection: Injection, changed: Date | undefined): string[] {
  if (!changed || !hasSubPath(injection)) return [];
  const { initContainerStatuses = [], containerStatuses = [] } = subject.pod.status ?? {};
  const isOlder = ({ state }: V1ContainerStatus) =>
    state?.running?.startedAt !== undefined && new Date(state.running.startedAt) < changed;
  const older = [...initContainerStatuses, ...containerStatuses].filter(isOlder).map(({ name }) => name);
  return containersWith(subject, injection).filter((name) => older.includes(name));
}

function hasSubPath({ mounts }: Injection): boolean {
  return mounts.some(({ subPath, subPathExpr }) => subPath ?? subPathExpr);
}

/**
 * Undefined where it is not found, and empty where it may not be read. Without its content, which for a Secret is nobody's
 * business here.
 */
async function readMetadata(
  api: KubernetesApi,
  { kind, name }: Source,
  namespace: string,
): Promise<V1ObjectMeta | undefined> {
  const path = `/api/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
  const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  try {
    return (await api.send<{ metadata: V1ObjectMeta }>('GET', path, { accept })).object.metadata;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 403)) throw error;
    return error.status === 404 ? undefined : {};
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
  // One that somebody has made in its place is no copy.
  if (!copy || !original || !isCopyFrom(copy, sourceNamespace)) return undefined;
  return copyFindings([copy as Copy], [original]).find(({ status }) => status !== 'ok');
}

/** `/etc/config, NODE_EXTRA_CA_CERTS`: its mounts and variables. */
function whatStands({ mounts, env }: Injection): string {
  return [...mounts.map(({ mountPath }) => mountPath), ...env.map(({ name }) => name)].join(', ');
}

function inNamespace(pod: Subject['pod'], namespace: string): Subject['pod'] {
  return { ...pod, metadata: { ...pod.metadata, namespace } };
}
