import type { V1LabelSelector } from '@kubernetes/client-node';
import { platformNamespaces } from '../../function/copies/platform-namespaces.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsName } from '../../function/review/selector.ts';
import { exactNames, nameLabel } from './entries.ts';

type Choosing = Pick<Injection, 'namespaces' | 'namespaceSelector'>;

/** The platform's namespaces that an injection names as its own: the function is called in none of them. */
export function platformNames({ namespaces, namespaceSelector }: Choosing): string[] {
  const named = [namesOf(namespaceSelector), namespaces?.include].find((names) => names !== undefined) ?? [];
  const platform = named.filter((name) => platformNamespaces.has(name) && selectsName(namespaces, name));
  if (platform.length === 0) return [];
  const where = platform.length === named.length ? 'anywhere' : `in ${platform.join(', ')}`;
  return [`nothing is injected ${where}: the platform's namespaces (${platform.join(', ')}) are always left out`];
}

/** The names that a selector asks for by the label that the API server sets on each namespace. */
function namesOf({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector = {}): string[] | undefined {
  const equal = matchLabels[nameLabel];
  if (equal !== undefined) return [equal];
  return matchExpressions.find(({ key, operator }) => key === nameLabel && operator === 'In')?.values;
}

/** What an injection has in `namespaces.include` that is none of a cluster's namespaces, a line. */
export function missingNamespaces({ namespaces }: Pick<Injection, 'namespaces'>, names: readonly string[]): string[] {
  const { include = [] } = namespaces ?? {};
  const missing = include.filter((glob) => !names.some((name) => selectsName({ include: [glob] }, name)));
  if (missing.length === 0) return [];
  const what = missing.join(', ');
  if (exactNames(missing).length < missing.length) return [`no namespace matches ${what} of namespaces.include`];
  return [`namespace ${what} of namespaces.include not found`];
}
