import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { helloInjection, helloInjectionWith } from '../support/hello-injection.ts';
import { promtool } from '../support/promtool.ts';
import { type Cluster, describeOnApiServer, refusal } from './cluster.ts';

interface PrometheusRule {
  spec: { groups: { name: string; rules: { alert?: string; expr: string; annotations?: Record<string, string> }[] }[] };
}

const pod = {
  metadata: { name: 'app', labels: { hello: 'true' } },
  spec: {
    containers: [{ name: 'app', image: 'app:1', volumeMounts: [{ name: 'theirs', mountPath: '/etc/config' }] }],
    volumes: [{ name: 'theirs', emptyDir: {} }],
  },
};

describeOnApiServer('the alerts of the monitoring component', (cluster) => {
  const cleanup = new AsyncDisposableStack();
  const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
  const rulesFile = join(directory, 'rules.yaml');
  const [rules] = readManifest('manifests/components/monitoring/rules.yaml') as unknown as PrometheusRule[];
  let samples: Map<string, string>;

  before(async function () {
    this.timeout(60_000);
    writeFileSync(rulesFile, stringify({ groups: rules?.spec.groups }));
    samples = await samplesAfterFailures(cluster);
  });
  after(() => cleanup.disposeAsync());

  it('are valid, as promtool reads them', function () {
    const { status, output } = promtool(this, 'check', 'rules', '--lint=all', '--lint-fatal', rulesFile);
    expect(status, output).to.equal(0);
  });

  it('read what the API server counts', () => {
    const metrics = new Set([...samples.keys()].map((series) => series.slice(0, series.indexOf('{'))));
    const read = rules?.spec.groups
      .flatMap((group) => group.rules)
      .flatMap(({ expr }) => expr.match(/apiserver_\w+/g) ?? []);
    expect([...metrics]).to.include.members(read ?? []);
  });

  for (const [alert, fires] of [
    ['HelloWebhookFailedOpen', { name: 'ignore.hello-webhook.hello-system.svc', severity: 'warning' }],
    [
      'HelloWebhookRefusesPods',
      { name: 'fail.hello-webhook.hello-system.svc', error_type: 'calling_webhook_error', severity: 'critical' },
    ],
    [
      'HelloWebhookDeniesPods',
      { name: 'deny.hello-webhook.hello-system.svc', error_type: 'no_error', severity: 'info' },
    ],
  ] as const) {
    it(`${alert} fires at the first failure and at a later one, and not after`, function () {
      // The counters as an API server has them, from their first sample on.
      const input = [...samples].map(([series, value]) => ({
        series,
        values: `_x10 ${value}x30 ${Number(value) + 1}x30`,
      }));
      const at = (evalTime: string, alerts: object[]) => ({
        eval_time: evalTime,
        alertname: alert,
        exp_alerts: alerts,
      });
      const annotations = rules?.spec.groups
        .flatMap((group) => group.rules)
        .find((rule) => rule.alert === alert)?.annotations;
      const exp_annotations = mapValues(annotations ?? {}, (text) => text.replaceAll('{{ $labels.name }}', fires.name));
      const firing = [{ exp_labels: fires, exp_annotations }];
      const file = join(directory, `${alert}.yaml`);
      const test = {
        interval: '1m',
        input_series: input,
        alert_rule_test: [at('5m', []), at('12m', firing), at('35m', []), at('45m', firing), at('65m', [])],
      };
      writeFileSync(
        file,
        stringify({ rule_files: [rulesFile], evaluation_interval: '1m', fuzzy_compare: true, tests: [test] }),
      );
      const { status, output } = promtool(this, 'test', 'rules', '--ignore-unknown-fields', file);
      expect(status, output).to.equal(0);
    });
  }
});

function mapValues(object: Record<string, string>, map: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}

/** The API server's samples of our webhooks, each after a call that failed, or that denied. */
async function samplesAfterFailures(cluster: Cluster): Promise<Map<string, string>> {
  const [port] = await freePorts(1);
  const nobody = { url: `https://127.0.0.1:${port}/mutate`, caCert: (await createCertificateAuthority('nobody')).cert };
  const named = (name: string) => ({ name: `${name}.hello-webhook.hello-system.svc` });
  const ignoring = await cluster.namespaceWith(nobody, helloInjection, { ...named('ignore'), failurePolicy: 'Ignore' });
  await cluster.createPod(ignoring, pod);
  const failing = await cluster.namespaceWith(nobody, helloInjection, { ...named('fail'), failurePolicy: 'Fail' });
  await refusal(cluster.createPod(failing, pod));
  const denyInjection = helloInjectionWith({ onConflict: 'deny' });
  const denying = await cluster.namespaceWith(await cluster.startFunction(denyInjection), denyInjection, named('deny'));
  await refusal(cluster.createPod(denying, pod));
  const metrics = await cluster.api.text('/metrics');
  const ours = metrics.matchAll(
    /^(apiserver_admission_webhook_\w+\{.*name="[^"]*\.hello-webhook\.hello-system\.svc".*\}) (\S+)$/gm,
  );
  return new Map([...ours].map(([, series = '', value = '']) => [series, value]));
}
