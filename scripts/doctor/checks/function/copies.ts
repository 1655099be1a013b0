import { isDeepStrictEqual } from 'node:util';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { type Copy, contentOf, listCopies } from '../../../install/copies.ts';
import type { Installation } from '../../../install/installation.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { list } from '../../../kubernetes/read.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import { count, someOf } from '../../names.ts';

/** Whether the ConfigMaps that the function has copied (`ensure`) still say what their sources say. */
export async function lookAtCopies(api: KubernetesApi, installation: Installation): Promise<Seen<true>> {
  const copies = await listCopies(api, installation);
  if (copies.length === 0) return { findings: [], found: true };
  const sources = await list<V1ConfigMap>(api, `/api/v1/namespaces/${installation.namespace}/configmaps`);
  return { findings: [copyFinding(copies, sources)], found: true };
}

function copyFinding(copies: readonly Copy[], sources: readonly V1ConfigMap[]): Finding {
  const stale = copies.filter((copy) => {
    const source = sources.find(({ metadata }) => metadata?.name === copy.metadata.name);
    return source && !isDeepStrictEqual(contentOf(copy), contentOf(source));
  });
  if (stale.length === 0) return ok('copies', `${count(copies.length, 'ConfigMap')} copied, each as its source`);
  const names = stale.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return warning('copies', `${count(stale.length, 'ConfigMap')} not as the source: ${someOf(names)}`, 'npm run sync');
}
