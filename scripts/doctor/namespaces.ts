/** The cluster's namespaces and their labels; none where they must not be listed. */
export type Namespaces = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** The labels of a namespace: at least its name, which the API server sets on each. */
export function labelsOf(namespaces: Namespaces, name: string): Readonly<Record<string, string>> {
  return namespaces.get(name) ?? { 'kubernetes.io/metadata.name': name };
}
