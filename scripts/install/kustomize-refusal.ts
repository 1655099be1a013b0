/** What kubectl printed where kustomize refuses a directory, without what kubectl adds to it. */
export function refusalIn(stderr: string): string {
  const [, quoted, block] = /^E\d{4} .*?err=(?:"(.*)"|<\n([\s\S]*?)\n? ?>)\s*$/m.exec(stderr) ?? [];
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)).trim();
  return (block?.replace(/^\t/gm, '') ?? stderr).replace(/^error: /, '').trim();
}

/** What is meant by the likeliest of kustomize's refusals of an overlay: the cause and the fix, undefined for all others. */
export function meaningOf(refusal: string): string | undefined {
  return refusals.find(([pattern]) => pattern.test(refusal))?.[1];
}

const refusals: readonly [RegExp, string][] = [
  [
    /github\.com\/example\//,
    'put the address of your copy of this repository in the place of https://github.com/example/hello-webhook, and its version after ?ref=',
  ],
  [
    /field "webhooks\.\*/,
    'no webhooks entries: `patches` needs `- path: webhooks.yaml`, with an entry for each distinct selector of the injections',
  ],
  [
    /no matches for Id MutatingWebhookConfiguration\./,
    'a patch names another MutatingWebhookConfiguration: in webhooks.yaml `metadata.name` is hello-webhook, whatever the installation is called; `transformers` rename it',
  ],
  [
    /nothing selected by ConfigMap\S*\/hello-webhook-host\b/,
    '`transformers` has manifests/transformers/cluster-local-url, but `resources` another way: take manifests/transformers/gateway',
  ],
  [
    /nothing selected by ConfigMap\S*\/hello-webhook-gateway\b/,
    '`transformers` has manifests/transformers/gateway, but `resources` another way: take manifests/transformers/cluster-local-url',
  ],
  [
    /is missing for replacement source ConfigMap\S*\/hello-webhook-(settings|gateway)\b/,
    'ConfigMap hello-webhook-settings or hello-webhook-gateway lacks a value: `configMapGenerator` needs `behavior: merge` for it, since `replace` drops what it does not say',
  ],
  [
    /behavior must be merge or replace/,
    '`configMapGenerator` needs `behavior: merge` for the ConfigMaps of hello-webhook, which the manifests have already',
  ],
  [/couldn't find remote ref/, '`?ref=` names a version that the repository does not have'],
];
