import { type KnativeService, type RevisionSpec, readService, readySince } from '../../../install/knative-service.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { type Conditioned, notReady } from '../../../kubernetes/conditions.ts';
import { read } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, explainedBy } from '../../check.ts';
import { knative } from '../platform/knative.ts';
import { namespace as functionNamespace } from './namespace.ts';

/** The function as it is in the cluster. */
export interface Deployed {
  /** What its Knative Service wants. */
  wanted: RevisionSpec;
  /** What the revision has that is called; the same, unless a newer one is not ready. */
  serving: RevisionSpec;
  /** Since when the Service is ready, where it is. */
  since: Date | undefined;
}

interface Revision extends Conditioned {
  spec: RevisionSpec;
}

/** The function: its Knative Service, and where that is not ready the revision that is to blame. */
export const knativeService = check(
  'knative-service',
  'Knative Service',
  [explainedBy(knative), explainedBy(functionNamespace)],
  async ({ api, installation }) => {
    const { name, namespace } = installation;
    const service = await readService(api, installation);
    if (!service) {
      const text = `Knative Service ${name} not found in ${namespace}`;
      return { findings: [broken(text, commandLine('deploy', '--image IMAGE'))] };
    }
    const { latestReadyRevisionName: readyName, latestCreatedRevisionName: created } = service.status ?? {};
    const { spec: wanted } = service.spec.template;
    const serving = (await readRevision(api, namespace, readyName))?.spec ?? wanted;
    const newest = created === readyName ? undefined : await readRevision(api, namespace, created);
    const found = { wanted, serving, since: readySince(service) } satisfies Deployed;
    return { findings: [serviceFinding(service, namespace, newest)], found };
  },
);

/** Blames the newest revision, where there is one that does not serve. */
function serviceFinding(service: KnativeService, namespace: string, newest: Revision | undefined): Finding {
  const { name } = service.metadata;
  const title = `Knative Service ${name}`;
  const { latestReadyRevisionName: ready, latestCreatedRevisionName: created } = service.status ?? {};
  const reason = notReady(service);
  if (reason === undefined) return ok(`${title} in ${namespace} is ready, revision ${ready}`);
  if (!created || created === ready)
    return broken(`${title} in ${namespace} ${reason}`, shell`kubectl -n ${namespace} describe ksvc ${name}`);
  const why = notReady(newest) ?? `is ready, but ${title} ${reason}`;
  return broken(
    `revision ${created} ${why}; ${ready ? `${ready} still serves` : 'nothing serves'}`,
    shell`kubectl -n ${namespace} logs -l serving.knative.dev/revision=${created} --all-containers --prefix
kubectl -n ${namespace} describe revision ${created}`,
  );
}

async function readRevision(
  api: KubernetesApi,
  namespace: string,
  name: string | undefined,
): Promise<Revision | undefined> {
  if (!name) return undefined;
  return read<Revision>(api, `/apis/serving.knative.dev/v1/namespaces/${namespace}/revisions/${name}`);
}
