import type { V1Namespace } from '@kubernetes/client-node';
import { list, unless } from '../../../kubernetes/read.ts';
import { check } from '../../check.ts';
import type { Namespaces } from '../../namespaces.ts';

/** The namespaces that webhooks entries may select; none where they must not be listed. Has something to say only where that fails. */
export const namespaces = check('namespaces', 'Namespaces', [], async ({ api }) => {
  const all = (await unless(403, list<V1Namespace>(api, '/api/v1/namespaces'))) ?? [];
  const found: Namespaces = new Map(all.map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}]));
  return { findings: [], found };
});
