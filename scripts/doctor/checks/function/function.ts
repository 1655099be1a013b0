import type { Installation } from '../../../install/installation.ts';
import { type KnativeService, type RevisionSpec, readService } from '../../../install/knative-service.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { type Conditioned, notReady } from '../../../kubernetes/conditions.ts';
import { read } from '../../../kubernetes/read.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';

/** The function as it is in the cluster. */
export interface Deployed {
  /** What its Knative Service asks for. */
  wanted: RevisionSpec;
  /** What the revision has that is called; the same, unless a newer one is not ready. */
  serving: RevisionSpec;
}

interface Revision extends Conditioned {
  spec: RevisionSpec;
}

/** The function: its Knative Service, and where that is not ready the revision that is to blame. */
export async function lookAtFunction(api: KubernetesApi, installation: Installation): Promise<Seen<Deployed>> {
  const { name, namespace } = installation;
  const title = `Knative Service ${name}`;
  const service = await readService(api, installation);
  if (!service)
    return {
      findings: [broken('function', `${title} is not there in ${namespace}`, 'npm run deploy -- --image IMAGE')],
    };
  const { latestReadyRevisionName: ready, latestCreatedRevisionName: created } = service.status ?? {};
  const wanted = service.spec.template.spec;
  const found = { wanted, serving: (await readRevision(api, namespace, ready))?.spec ?? wanted };
  const reason = notReady(service);
  if (reason === undefined)
    return { findings: [ok('function', `${title} in ${namespace} is ready, revision ${ready}`)], found };
  if (!created || created === ready) {
    return {
      findings: [
        broken('function', `${title} in ${namespace} ${reason}`, `kubectl -n ${namespace} describe ksvc ${name}`),
      ],
      found,
    };
  }
  const text = `revision ${created} ${notReady(await readRevision(api, namespace, created)) ?? reasonOf(service)}`;
  const fix = `kubectl -n ${namespace} logs -l serving.knative.dev/revision=${created} --all-containers --prefix
kubectl -n ${namespace} describe revision ${created}`;
  return {
    findings: [broken('function', `${text}; ${ready ? `${ready} serves still` : 'nothing serves'}`, fix)],
    found,
  };
}

async function readRevision(
  api: KubernetesApi,
  namespace: string,
  name: string | undefined,
): Promise<Revision | undefined> {
  return name
    ? read<Revision>(api, `/apis/serving.knative.dev/v1/namespaces/${namespace}/revisions/${name}`)
    : undefined;
}

function reasonOf(service: KnativeService): string {
  return `is ready, but Knative Service ${service.metadata.name} ${notReady(service)}`;
}
