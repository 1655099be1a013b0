import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1MutatingWebhook, V1MutatingWebhookConfiguration, V1Pod, V1Volume } from '@kubernetes/client-node';
import type { Context } from 'mocha';
import { parseInjections } from '../../function/injections/load.ts';
import { webhookConfigurations } from '../../scripts/install/registration.ts';
import { webhookConfiguration } from '../../scripts/install/webhook-configuration.ts';
import { type Answer, ApiError, type KubernetesApi } from '../../scripts/kubernetes/client.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { type ApiServer, prepareNamespace, startApiServer } from '../../scripts/local/api-server.ts';
import { startChild } from '../../scripts/local/child.ts';
import { waysToGetOne } from '../../scripts/local/control-plane.ts';
import { type FunctionServer, startFunction } from '../../scripts/local/function-server.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { sharedControlPlane } from '../support/control-plane.ts';

export type Pod = V1Pod & KubernetesObject;

/** A real API server of its own for a `describe`, with what its tests do on it. */
export class Cluster {
  readonly #cleanup = new AsyncDisposableStack();
  #server: ApiServer | undefined;

  get server(): ApiServer {
    if (!this.#server) throw new Error('the API server is there within tests only');
    return this.#server;
  }

  get api(): KubernetesApi {
    return this.server.api;
  }

  /** Starts the API server, with `env` added; where none is to be had, skips and says why, or fails where CI is set. */
  async start(test: Context, env: NodeJS.ProcessEnv = {}): Promise<void> {
    test.timeout(120_000);
    const controlPlane = await sharedControlPlane({ progress: () => {}, cleanup: this.#cleanup });
    if (controlPlane) this.#server = await startApiServer(controlPlane, this.#cleanup, env);
    else if (process.env.CI) throw new Error(`no API server to test against: ${waysToGetOne}`);
    else {
      console.log(`    skipped, there is no API server to test against: ${waysToGetOne}`);
      test.skip();
    }
  }

  async stop(): Promise<void> {
    await this.#cleanup.disposeAsync();
  }

  /** Starts a function with these injections and environment; it ends with the cluster. */
  async startFunction(injections: string, env: NodeJS.ProcessEnv = {}): Promise<FunctionServer> {
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), this.#cleanup);
    const file = join(directory, 'injections.yaml');
    await writeFile(file, injections);
    return startFunction(this.#cleanup, { ...env, INJECTIONS: file });
  }

  /** A new namespace in which the webhook at `target` is registered for these injections; the API server uses it already. */
  async namespaceWith(
    target: { url: string; caCert: string },
    injections: string,
    overrides: Partial<V1MutatingWebhook> = {},
  ): Promise<string> {
    const namespace = `test-${randomUUID().slice(0, 8)}`;
    await prepareNamespace(this.api, namespace);
    const configured = parseInjections(injections, 'injections.yaml');
    await this.register(namespace, webhookConfiguration({ name: namespace, ...target }, configured, overrides));
    return namespace;
  }

  /**
   * Registers webhooks for one namespace, and waits until the API server uses them, which takes it a moment. An entry
   * that refuses a Pod of its own label tells: those of one configuration come into use together.
   */
  async register(namespace: string, configuration: V1MutatingWebhookConfiguration): Promise<void> {
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
    const webhooks = (configuration.webhooks ?? []).map((webhook) => ({ ...webhook, namespaceSelector }));
    const labels = { probe: randomUUID() };
    const probe = {
      name: 'probe.hello-webhook.test',
      clientConfig: { url: 'https://127.0.0.1:1' },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      objectSelector: { matchLabels: labels },
      namespaceSelector,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
    };
    await this.api.send('POST', webhookConfigurations, { body: { ...configuration, webhooks: [...webhooks, probe] } });
    const pod = { metadata: { name: 'probe', labels }, spec: { containers: [{ name: 'probe', image: 'none' }] } };
    const isRefused = () =>
      this.createPod(namespace, pod, '?dryRun=All').then(
        () => false,
        (error: Error) => error.message.includes(probe.name),
      );
    while (!(await isRefused())) await delay(50);
  }

  createPod(namespace: string, pod: object, query = ''): Promise<Answer<Pod>> {
    return this.api.send<Pod>('POST', `/api/v1/namespaces/${namespace}/pods${query}`, { body: pod });
  }

  /** Skips where this API server drops a volume's source, one that is not on by default in its version. */
  async requireSource(test: Context, namespace: string, volume: V1Volume): Promise<void> {
    const spec = { containers: [{ name: 'app', image: 'app:1' }], volumes: [volume] };
    const { object } = await this.createPod(namespace, { metadata: { name: 'source' }, spec }, '?dryRun=All');
    if (object.spec?.volumes?.some(({ name }) => name === volume.name)) return;
    console.log(`    skipped, this API server drops ${JSON.stringify(volume)}: a feature gate of it is off`);
    test.skip();
  }

  getPod(namespace: string, name: string): Promise<Answer<Pod>> {
    return this.api.send<Pod>('GET', `/api/v1/namespaces/${namespace}/pods/${name}`);
  }

  /** A kubeconfig file of a ServiceAccount, with a token as its Pods have it, and its namespace. */
  async kubeconfigOf(namespace: string, serviceAccount = 'default'): Promise<string> {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: {} };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
    const { object } = await this.api.send<{ status: { token: string } }>('POST', path, { body });
    const config = JSON.parse(this.api.config.exportConfig());
    config.users[0].user = { token: object.status.token };
    config.contexts[0].context.namespace = namespace;
    const file = join(dirname(this.server.kubeconfig), `${namespace}.${serviceAccount}.json`);
    await writeFile(file, JSON.stringify(config));
    return file;
  }

  /** Runs a command of the project's on this API server: `run('deploy', '--image', …)`. */
  async run(command: string, ...args: string[]): Promise<{ status: number | null; output: string }> {
    await using cleanup = new AsyncDisposableStack();
    const env = { ...process.env, KUBECONFIG: this.server.kubeconfig };
    const child = startChild(process.execPath, ['scripts/hello-webhook.ts', command, ...args], { cleanup, env });
    return { status: await child.exit, output: child.lines.join('\n') };
  }

  /** Waits until a CustomResourceDefinition is served. */
  async established(name: string): Promise<void> {
    for (;;) {
      const { object } = await this.api.send<{ status?: { conditions?: { type: string; status: string }[] } }>(
        'GET',
        `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
      );
      const conditions = object.status?.conditions ?? [];
      if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return;
      await delay(50);
    }
  }

  /** The audit annotations of a namespace's requests by key, without the webhook's name, once one has the key `awaited`. */
  async auditAnnotations(namespace: string, awaited: string): Promise<Record<string, string>> {
    for (;;) {
      const lines = (await readFile(this.server.auditLog, 'utf8')).split('\n').slice(0, -1);
      const annotations = lines
        .map((line) => JSON.parse(line))
        .filter(({ objectRef }) => objectRef?.namespace === namespace)
        .flatMap((event) => Object.entries<string>(event.annotations ?? {}))
        .map(([key, value]) => [key.slice(key.indexOf('/') + 1), value]);
      if (annotations.some(([key]) => key === awaited)) return Object.fromEntries(annotations);
      await delay(50);
    }
  }
}

/** A `describe` whose tests share a real API server, which has what `envOf` comes to added to its environment. */
export function describeOnApiServer(
  title: string,
  define: (cluster: Cluster) => void,
  envOf: () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv> = () => ({}),
): void {
  describe(title, () => {
    const cluster = new Cluster();
    before(async function () {
      await cluster.start(this, await envOf());
    });
    define(cluster);
    after(() => cluster.stop());
  });
}

/** The error of a request that the API server refuses. */
export async function refusal(request: Promise<unknown>): Promise<ApiError> {
  const error = await request.then(
    () => undefined,
    (reason) => reason,
  );
  if (error instanceof ApiError) return error;
  throw error ?? new Error('the API server did not refuse');
}
