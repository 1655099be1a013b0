/**
 * The options for YAML as kubectl reads it (sigs.k8s.io/yaml): YAML 1.1, so that 0644 is octal and `yes` is true, but
 * dates and 1:30 are strings.
 */
export const kubernetesYaml = {
  version: '1.1',
  merge: true,
  customTags: (tags: readonly { tag?: string; format?: string }[]) =>
    tags.filter(({ tag, format }) => tag !== 'tag:yaml.org,2002:timestamp' && format !== 'TIME'),
} as object;
