import type { V1LabelSelector, V1LabelSelectorRequirement } from '@kubernetes/client-node';

/** Names by glob (`*`, `?`): those that `include` matches (default: all) and `exclude` does not. */
export interface Names {
  include?: string[];
  exclude?: string[];
}

type Labels = Readonly<Record<string, string>>;

/**
 * Whether a Kubernetes LabelSelector selects these labels.
 * Semantics: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors;
 * `NotIn` also selects objects without the key. Only own keys count, so `constructor` selects nothing.
 */
export function selectsLabels(selector: V1LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => own(labels, key) === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(labels, requirement))
  );
}

/** Whether a name is one of `names`. */
export function selectsName(names: Names | undefined, name: string): boolean {
  const isAny = (globs: string[]) => globs.some((glob) => matchesGlob(glob, name));
  return (!names?.include || isAny(names.include)) && !(names?.exclude && isAny(names.exclude));
}

/** A name that is one of `names`: the preferred one, or one made up from a glob; undefined where none of these is. */
export function exampleName(names: Names | undefined, preferred: string): string | undefined {
  const madeUp = (names?.include ?? []).map((glob) => glob.replaceAll(/[*?]/g, 'x'));
  return [preferred, ...madeUp].find((name) => selectsName(names, name));
}

/** The label keys a selector looks at. */
export function selectedKeys(selector: V1LabelSelector): string[] {
  return [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map((requirement) => requirement.key),
  ];
}

function meets(labels: Labels, { key, operator, values = [] }: V1LabelSelectorRequirement): boolean {
  const value = own(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      throw new Error(`the schema lets no operator ${operator} through`);
  }
}

function own(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** In at most as many steps as the lengths multiplied: the name is a user's, nothing has checked it yet, and a RegExp could hang. */
function matchesGlob(glob: string, name: string): boolean {
  let at = 0;
  let next = 0;
  // Where to go on when what follows the last star does not fit: the star takes one character more.
  let star = -1;
  let taken = 0;
  while (next < name.length) {
    if (glob[at] === '*') {
      star = at++;
      taken = next;
    } else if (at < glob.length && (glob[at] === '?' || glob[at] === name[next])) {
      at++;
      next++;
    } else if (star >= 0) {
      at = star + 1;
      next = ++taken;
    } else return false;
  }
  return /^\**$/.test(glob.slice(at));
}
