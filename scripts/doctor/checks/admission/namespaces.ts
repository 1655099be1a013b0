import { readNamespaces } from '../../../install/cluster-namespaces.ts';
import { unless } from '../../../kubernetes/read.ts';
import { check } from '../../check.ts';
import type { Namespaces } from '../../namespaces.ts';

/** The namespaces that webhooks entries may select; none where they must not be listed. Has something to say only where that fails. */
export const namespaces = check('namespaces', 'Namespaces', [], async ({ api }) => {
  const all = (await unless(403, readNamespaces(api))) ?? [];
  const found: Namespaces = new Map(all.map(({ name, labels }) => [name, labels]));
  return { findings: [], found };
});
