import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { kustomize } from '../../scripts/install/render.ts';
import { parseManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { requireKubectl } from './definitions.ts';

export const overlays = ['cluster-local-url', 'gateway-contour', 'gateway-istio', 'gateway-kourier'] as const;

/** Where the gateway of an overlay is. */
export const gatewayNamespaces: Readonly<Record<string, string>> = {
  'gateway-contour': 'contour-external',
  'gateway-istio': 'istio-system',
  'gateway-kourier': 'kourier-system',
};

/** Injections as a person has them: one whose ConfigMap is copied, and one that needs none. */
export const injections = {
  injections: [
    {
      name: 'company-ca',
      selector: { matchLabels: { 'company-ca': 'true' } },
      volume: { name: 'company-ca', configMap: { name: 'company-ca' } },
      mount: { mountPath: '/etc/company-ca' },
      ensure: true,
    },
    {
      name: 'scratch',
      selector: { matchExpressions: [{ key: 'scratch', operator: 'Exists' }] },
      volume: { name: 'scratch', emptyDir: {} },
      mount: { mountPath: '/scratch' },
    },
  ],
};

/** The webhooks entries of these injections, as a person writes them. */
export const entries = [
  { name: 'company-ca', objectSelector: { matchLabels: { 'company-ca': 'true' } } },
  { name: 'scratch', objectSelector: { matchExpressions: [{ key: 'scratch', operator: 'Exists' }] } },
];

/** A patch file that gives the webhook configuration these entries. */
export function webhooks(entries: readonly object[]): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'hello-webhook' },
    webhooks: entries,
  };
}

/** A folder of a person's own, outside the tree, that goes with `cleanup`. */
export class OutsideFolder {
  readonly path: string;
  /** The patches of an overlay that has all that a person has to say. */
  readonly patches: readonly object[] = [
    { path: 'webhooks.yaml' },
    {
      target: { kind: 'ClusterRole', name: 'hello-webhook:ensure' },
      patch: stringify([{ op: 'replace', path: '/rules/0/resourceNames', value: ['company-ca'] }]),
    },
  ];

  constructor(cleanup: AsyncDisposableStack) {
    this.path = realpathSync(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup));
  }

  /** The relative path of a folder of the manifests, as `resources` takes it. */
  manifest(folder: string): string {
    return relative(this.path, realpathSync(join('manifests', folder)));
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), 'utf8');
  }

  write(file: string, content: object): void {
    writeFileSync(join(this.path, file), stringify(content, { aliasDuplicateObjects: false }));
  }

  /** Writes an overlay with all that a person has to say; what `own` says of a field takes its place. */
  writeOverlay(own: object = {}): void {
    this.write('injections.yaml', injections);
    this.write('webhooks.yaml', webhooks(entries));
    this.write('kustomization.yaml', {
      resources: [this.manifest('overlays/gateway-kourier')],
      components: [this.manifest('components/ensure')],
      configMapGenerator: [
        {
          name: 'hello-webhook-settings',
          behavior: 'merge',
          literals: ['name=file-injector', 'namespace=platform-hooks'],
        },
        { name: 'hello-webhook-injections', behavior: 'merge', files: ['injections.yaml'] },
      ],
      images: [{ name: 'hello-webhook', newName: 'registry.example.com/mine', newTag: 'v1' }],
      patches: this.patches,
      transformers: [this.manifest('transformers/gateway')],
      ...own,
    });
  }
}

/** What `kubectl apply -k` would apply of a directory. */
export async function kustomized(directory: string): Promise<KubernetesObject[]> {
  return parseManifest(await kustomize(directory), directory);
}

/** A `describe` whose tests have a folder each; they are skipped where kubectl, whose kustomize renders it, is missing. */
export function describeOutside(title: string, define: (outside: Outside) => void): void {
  describe(title, () => {
    let cleanup = new AsyncDisposableStack();
    let folder: OutsideFolder;
    before(function () {
      requireKubectl(this);
    });
    beforeEach(() => {
      cleanup = new AsyncDisposableStack();
      folder = new OutsideFolder(cleanup);
    });
    afterEach(() => cleanup.disposeAsync());
    define({
      get cleanup() {
        return cleanup;
      },
      get folder() {
        return folder;
      },
    });
  });
}

/** The folder of the test that runs, and what goes with it. */
interface Outside {
  readonly folder: OutsideFolder;
  readonly cleanup: AsyncDisposableStack;
}
