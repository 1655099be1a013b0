import type { V1ConfigMap, V1Deployment } from '@kubernetes/client-node';
import { instanceOf } from '../../../install/installation.ts';
import { list, read, unless } from '../../../kubernetes/read.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check } from '../../check.ts';

/** Where the dashboard of the component `monitoring` is deployed: whether Knative has the request metrics that it shows. */
export const requestMetrics = check('request-metrics', 'Request metrics', [], async ({ api, installation }) => {
  const labels = encodeURIComponent(`app.kubernetes.io/instance=${instanceOf(installation)},grafana_dashboard`);
  const path = `/api/v1/namespaces/${installation.namespace}/configmaps?labelSelector=${labels}`;
  const dashboards = await unless(403, list(api, path));
  if (!dashboards?.length) return { findings: [] };
  const serving = '/namespaces/knative-serving';
  const observability = await read<V1ConfigMap>(api, `/api/v1${serving}/configmaps/config-observability`);
  const controller = await read<V1Deployment>(api, `/apis/apps/v1${serving}/deployments/controller`);
  const version = controller?.metadata?.labels?.['app.kubernetes.io/version'];
  return { findings: [metricsFinding(observability?.data ?? {}, version)] };
});

/**
 * What Knative of a version makes of its ConfigMap config-observability:
 *
 * | Knative    | key                                           | where it is absent |
 * |------------|-----------------------------------------------|--------------------|
 * | up to 1.18 | `metrics.request-metrics-backend-destination` | prometheus         |
 * | from 1.19  | `request-metrics-protocol`                    | none               |
 *
 * knative.dev/pkg metrics/config_observability.go, and observability/metrics/config.go.
 */
export function metricsFinding(data: Readonly<Record<string, string>>, version = ''): Finding {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  const isOld = major !== undefined && (Number(major) < 1 || (Number(major) === 1 && Number(minor) < 19));
  const key = isOld ? 'metrics.request-metrics-backend-destination' : 'request-metrics-protocol';
  const value = data[key] ?? (isOld ? 'prometheus' : 'none');
  if (value !== 'none') return ok(`Knative has request metrics, by ${value}`);
  const patch = JSON.stringify({ data: { [key]: 'prometheus' } });
  return warning(
    `Knative has no request metrics, which the dashboard shows: ${key} of its ConfigMap config-observability is none${key in data ? '' : ', the default'}`,
    shell`kubectl -n knative-serving patch configmap config-observability --type merge -p ${patch}`,
  );
}
