import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundleFunction } from '../../scripts/build/bundle-function.ts';
import { admissionReview } from '../../scripts/local/admission-review.ts';
import { type Child, startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { type Attributed, type OtlpReceiver, type Pushed, startOtlpReceiver } from '../support/otlp-receiver.ts';

const container = { name: 'app', image: 'app:1' };
const taken = { ...container, volumeMounts: [{ name: 'theirs', mountPath: '/etc/config' }] };
const podWith = (spec: object, labels: object = { hello: 'true' }) => ({ metadata: { name: 'app', labels }, spec });

describe('metrics and traces', () => {
  const cleanup = new AsyncDisposableStack();
  let receiver: OtlpReceiver;
  let directory: string;

  before(async function () {
    receiver = await startOtlpReceiver(this, cleanup);
    directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    await bundleFunction(directory);
  });
  after(() => cleanup.disposeAsync());

  it('are pushed before the function ends: decisions by injection and reason, durations, a span of the caller', async () => {
    const { child, post } = await start(cleanup, directory, receiver.endpoint);
    await post(podWith({ containers: [container] }), '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    await post(podWith({ containers: [container] }));
    await post(podWith({ containers: [taken], volumes: [{ name: 'theirs', emptyDir: {} }] }));
    await post(podWith({ containers: [container] }, {}));
    await post('no Pod');
    child.signal('SIGTERM');
    expect(await child.exit).to.equal(0);
    const metrics = (await receiver.pushed(metricsIn, 3)).sort((a, b) => a.name.localeCompare(b.name));
    expect(metrics).to.deep.equal([
      {
        name: 'hello_webhook.injections',
        unit: '{injection}',
        points: [
          { injection: 'hello', outcome: 'injected', value: 2 },
          { injection: 'hello', outcome: 'skipped', reason: 'conflict', value: 1 },
        ],
      },
      {
        name: 'hello_webhook.reviews',
        unit: '{review}',
        points: [
          { outcome: 'injected', value: 2 },
          { outcome: 'skipped', value: 1 },
          { outcome: 'unchanged', value: 1 },
        ],
      },
      {
        name: 'http.server.request.duration',
        unit: 's',
        points: [
          { method: 'POST', route: '/mutate', scheme: 'http', status_code: '200', value: 4 },
          { method: 'POST', route: '/mutate', scheme: 'http', status_code: '400', value: 1 },
        ],
      },
    ]);
    const spans = await receiver.pushed(spansIn, 5);
    expect(spans.map(({ service }) => service)).to.deep.equal(Array(5).fill('hello'));
    const server = 2;
    expect(spans).to.deep.include({
      service: 'hello',
      name: 'POST /mutate',
      kind: server,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
    });
  });

  it('are none of a cold start: the SDK is loaded after the first answer', async () => {
    const { child, post } = await start(cleanup, directory, receiver.endpoint, ['--require', reporter(directory)]);
    const loaded = () => child.lines.filter((line) => line.startsWith('loaded '));
    expect(loaded()).to.deep.equal([]);
    await post(podWith({ containers: [container] }));
    await child.waitFor((line) => line.startsWith('loaded otlp.cjs') || undefined);
    const order = child.lines.filter((line) => /^loaded|"decision"/.test(line)).map((line) => line.slice(0, 6));
    expect(order).to.deep.equal(['{"seve', 'loaded']);
  });

  it('cost no answer, and no end, where nobody receives them', async () => {
    const [port] = await freePorts(1);
    const { child, post } = await start(cleanup, directory, `http://127.0.0.1:${port}`);
    expect(await post(podWith({ containers: [container] }))).to.equal(200);
    child.signal('SIGTERM');
    expect(await child.exit).to.equal(0);
    expect(child.lines.filter((line) => line.includes('OpenTelemetry: '))).not.to.have.length(0);
  });
});

/** A module that says which of the bundle's files are loaded. */
function reporter(directory: string): string {
  const file = join(directory, 'reporter.cjs');
  writeFileSync(
    file,
    `const { Module } = require('node:module'); const load = Module._load;
     Module._load = (name, ...rest) => { if (name.startsWith('./')) console.log('loaded ' + name.slice(2)); return load(name, ...rest); };`,
  );
  return file;
}

async function start(
  cleanup: AsyncDisposableStack,
  directory: string,
  endpoint: string,
  options: string[] = [],
): Promise<{ child: Child; post: (object: unknown, traceparent?: string) => Promise<number> }> {
  const env = { PORT: '0', K_SERVICE: 'hello', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  const child = startChild(process.execPath, [...options, join(directory, 'start.cjs')], { cleanup, env });
  const port = await child.waitFor((line) => /"message":"listening","port":(\d+)/.exec(line)?.[1]);
  return {
    child,
    post: async (object, traceparent) => {
      const headers = { 'Content-Type': 'application/json', ...(traceparent && { traceparent }) };
      const body = JSON.stringify(admissionReview(object as object));
      const answer = await fetch(`http://127.0.0.1:${port}/mutate`, { method: 'POST', headers, body });
      await answer.text();
      return answer.status;
    },
  };
}

function metricsIn({ resourceMetrics = [] }: Pushed): { name: string; unit: string; points: object[] }[] {
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return metrics.map(({ name, unit, sum, histogram }) => ({
    name,
    unit,
    points: [
      ...(sum?.dataPoints ?? []).map((point) => ({ ...named(point), value: Number(point.asDouble ?? point.asInt) })),
      ...(histogram?.dataPoints ?? []).map((point) => ({ ...named(point), value: Number(point.count) })),
    ],
  }));
}

function spansIn({ resourceSpans = [] }: Pushed): Record<string, unknown>[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, kind, traceId, parentSpanId }) => ({
        service: serviceOf(resource),
        name,
        kind,
        traceId,
        parentSpanId,
      })),
    ),
  );
}

function serviceOf({ attributes }: Attributed): unknown {
  return attributes?.find(({ key }) => key === 'service.name')?.value.stringValue;
}

/** Attributes by the last part of their names. */
function named({ attributes = [] }: Attributed): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key.split('.').at(-1), value.stringValue ?? value.intValue]),
  );
}
