import { renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { readCallerTokensText } from '../../scripts/install/caller-tokens.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { type KnativeService, readService, readsCallerTokens } from '../../scripts/install/knative-service.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { startFunction } from '../../scripts/local/function-server.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { injectCaBundle } from './controllers.ts';
import type { Route } from './route.ts';

/**
 * What Knative, the kubelet and cainjector do for a deploy, on a cluster that has none of them: each change of the
 * Service's template is a function of its own, to which the route leads once it is ready; the Secret of callers' tokens is
 * in its file as it is at its start, and changes there, for the one that serves, as soon as it can; webhook configurations
 * get their caBundle.
 */
export class FunctionRevisions {
  readonly #api: KubernetesApi;
  readonly #route: Route;
  readonly #caBundle: string;
  readonly #cleanup: AsyncDisposableStack;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #template = '';
  #tokens: { file: string; text: string | undefined } | undefined;
  /** How many functions it has started. */
  count = 0;

  constructor(api: KubernetesApi, route: Route, caCert: string, cleanup: AsyncDisposableStack) {
    this.#api = api;
    this.#route = route;
    this.#caBundle = Buffer.from(caCert).toString('base64');
    this.#cleanup = cleanup;
  }

  /** Starts; returns once there is a function. Before the cleanup it is to be stopped. */
  async start(): Promise<void> {
    await this.#reconcile();
    this.#running = (async () => {
      while (!this.#isStopped) {
        await this.#reconcile();
        await delay(50);
      }
    })();
    this.#running.catch(() => {});
  }

  /** Throws what it failed with. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #reconcile(): Promise<void> {
    await this.#serve();
    await this.#mountTokens();
    await injectCaBundle(this.#api, this.#caBundle);
  }

  async #serve(): Promise<void> {
    const service = await readService(this.#api, installation);
    if (!service) return;
    const template = JSON.stringify(service.spec.template);
    if (template !== this.#template) {
      await this.#startRevision(service);
      this.#template = template;
    }
    const { generation = 1 } = service.metadata;
    if (service.status?.observedGeneration === generation) return;
    const name = `${installation.name}-${String(this.count).padStart(5, '0')}`;
    const body = {
      status: {
        observedGeneration: generation,
        conditions: [{ type: 'Ready', status: 'True' }],
        latestReadyRevisionName: name,
        latestCreatedRevisionName: name,
      },
    };
    const path = `/apis/serving.knative.dev/v1/namespaces/${installation.namespace}/services/${installation.name}`;
    await this.#api.send('PATCH', `${path}/status`, { body, contentType: 'application/merge-patch+json' });
  }

  async #startRevision({ spec }: KnativeService): Promise<void> {
    const { spec: revision } = spec.template;
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), this.#cleanup);
    const configMap = revision.volumes?.find((volume) => volume.configMap)?.configMap?.name;
    const path = `/api/v1/namespaces/${installation.namespace}/configmaps/${configMap}`;
    const injections = (await read<V1ConfigMap>(this.#api, path))?.data?.['injections.yaml'] ?? '';
    writeFileSync(join(directory, 'injections.yaml'), injections);
    const file = join(directory, 'tokens');
    const text = await readCallerTokensText(this.#api, installation);
    if (text !== undefined) writeFileSync(file, text);
    const server = await startFunction(this.#cleanup, {
      INJECTIONS: join(directory, 'injections.yaml'),
      ...(readsCallerTokens(revision) && { CALLER_TOKENS: file }),
    });
    this.#tokens = { file, text };
    this.#route.leadTo(server);
    this.count++;
  }

  async #mountTokens(): Promise<void> {
    const text = await readCallerTokensText(this.#api, installation);
    if (!this.#tokens || text === undefined || text === this.#tokens.text) return;
    const { file } = this.#tokens;
    writeFileSync(`${file}.next`, text);
    renameSync(`${file}.next`, file);
    this.#tokens = { file, text };
  }
}
