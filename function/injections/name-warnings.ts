import type { Injection } from '../review/injection.ts';
import { type Names, selectsName } from '../review/selector.ts';

/** Names of which `exclude` leaves nothing, or not all that `include` has, a line each; nothing is injected by them. */
export function swallowedNames({ namespaces, containers }: Pick<Injection, 'namespaces' | 'containers'>): string[] {
  return [...swallowedIn('namespaces', namespaces), ...swallowedIn('containers', containers)];
}

function swallowedIn(field: string, { include = ['*'], exclude = [] }: Names = {}): string[] {
  const gone = include.filter((glob) => exclude.some((other) => swallows(other, glob)));
  if (gone.length === 0) return [];
  if (gone.length < include.length)
    return [`${field}.include has ${gone.join(', ')} in vain, since ${field}.exclude leaves that out`];
  return [`nothing is injected anywhere: ${field}.exclude leaves out all of ${field}.include`];
}

/**
 * Whether every name that a glob matches matches another, too. A character that no name has stands for what a star takes:
 * none of it, and more of it than the other glob has question marks, so that only a star of its own takes both.
 */
function swallows(other: string, glob: string): boolean {
  const none = glob.replaceAll('?', '\0');
  const many = none.replaceAll('*', '\0'.repeat(other.length + 1));
  return [none.replaceAll('*', ''), many].every((name) => selectsName({ include: [other] }, name));
}
