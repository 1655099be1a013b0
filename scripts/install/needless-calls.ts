import type { V1MutatingWebhook } from '@kubernetes/client-node';
import { isForNamespace, type Namespace } from '../../function/copies/namespaces.ts';
import { platformNamespaces } from '../../function/copies/platform-namespaces.ts';
import { callsFor } from './coverage.ts';
import { exactNames, nameLabel, type Selecting } from './entries.ts';
import { callsForPods, callsInNamespace } from './entry-rules.ts';

/**
 * What is to be known of the entries that call the function for nothing in some of these namespaces, a line each: no
 * namespaceSelector has globs, nor the lists of several injections in full.
 */
export function needlessCalls(
  entries: readonly V1MutatingWebhook[],
  injections: readonly Selecting[],
  namespaces: readonly Namespace[],
): string[] {
  return entries.filter(callsForPods).flatMap((entry) => {
    const own = injections.filter((injection) => callsFor(entry, injection, injections));
    // That it calls it in the platform's namespaces would be another matter.
    const called = namespaces.filter(
      ({ name, labels }) => !platformNamespaces.has(name) && callsInNamespace(entry, { ...labels, [nameLabel]: name }),
    );
    const needless = called.filter((namespace) => !own.some((injection) => isForNamespace(injection, namespace)));
    const [first] = needless;
    if (own.length === 0 || !first) return [];
    const where = `${needless.length} of ${called.length} namespaces, such as ${first.name}`;
    const why = own.some(hasGlobs) ? `: ${globsHint}` : '';
    return [`entry ${entry.name} calls the function for nothing in ${where}${why}`];
  });
}

/** What is said of injections whose namespaces no namespaceSelector can have, where the cluster's are not known. */
export function globRemarks(injections: readonly Selecting[]): string[] {
  return injections
    .filter(hasGlobs)
    .map(
      ({ name }) =>
        `injection ${name}: the function is called for nothing in namespaces that globs leave out: ${globsHint}`,
    );
}

const globsHint = 'a webhook selects namespaces by exact names or by labels';

function hasGlobs({ namespaces: { include = [], exclude = [] } = {} }: Selecting): boolean {
  const all = [...include, ...exclude];
  return exactNames(all).length < all.length;
}
