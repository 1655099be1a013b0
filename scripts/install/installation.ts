/** What a webhook is called in a cluster, and the namespace of its function: manifests/base/settings.yaml. */
export interface Installation {
  name: string;
  namespace: string;
}

/** The installation where nothing else is asked for. */
export const defaultInstallation: Installation = { name: 'hello-webhook', namespace: 'hello-system' };

/** The options of a command line that name an installation; none for the default one. */
export function optionsFor({ name, namespace }: Installation): string[] {
  return [
    ...(namespace === defaultInstallation.namespace ? [] : ['-n', namespace]),
    ...(name === defaultInstallation.name ? [] : ['--name', name]),
  ];
}

/** The label's value that tells one installation from another: a label has 63 characters at most. */
export function instanceOf({ name, namespace }: Installation): string {
  return `${name}.${namespace}`;
}

/** Who writes what deploy makes, by the name in managedFields. */
export const fieldManager = 'hello-webhook-deploy';

/** The labels that the manifests set on every object of an installation. */
export function instanceLabels(installation: Installation): Record<string, string> {
  return { 'app.kubernetes.io/part-of': 'hello-webhook', 'app.kubernetes.io/instance': instanceOf(installation) };
}

/** Whether an object is this installation's, and not somebody else's, or of another one. */
export function isOurs(
  object: { metadata?: { labels?: Record<string, string> } },
  installation: Installation,
): boolean {
  const { labels = {} } = object.metadata ?? {};
  return Object.entries(instanceLabels(installation)).every(([key, value]) => labels[key] === value);
}
