import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import { count } from '../../names.ts';
import type { Registered } from './webhook.ts';

const link = 'calls';

/** What came of the API server's calls since it started, by its own counters; where there are several, of one of them. */
export async function lookAtCalls(api: KubernetesApi, { entries }: Registered): Promise<Seen<true>> {
  const samples = samplesIn(await api.text('/metrics'), new Set(entries.map(({ name }) => name)));
  return { findings: callFindings(samples), found: true };
}

/** One of the API server's counters of calls to webhooks. */
export interface Sample {
  metric: string;
  labels: Record<string, string>;
  value: number;
}

/**
 * The counters of the mutating webhooks of these names:
 * k8s.io/apiserver pkg/admission/metrics, `apiserver_admission_webhook_fail_open_count` and its like.
 */
export function samplesIn(metrics: string, names: ReadonlySet<string>): Sample[] {
  const lines = metrics.matchAll(
    /^apiserver_admission_webhook_(request_total|rejection_count|fail_open_count)\{(.*)\} (\S+)$/gm,
  );
  return [...lines]
    .map(([, metric = '', labels = '', value]) => ({ metric, labels: labelsIn(labels), value: Number(value) }))
    .filter(({ labels }) => labels.type === 'admit' && names.has(labels.name ?? ''));
}

function labelsIn(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
}

/** What the counters say: calls that failed, by what the failurePolicy made of them, or that none did. */
export function callFindings(samples: readonly Sample[]): Finding[] {
  const total = (metric: string, matches = (_: Sample['labels']) => true) =>
    samples
      .filter((sample) => sample.metric === metric && matches(sample.labels))
      .reduce((sum, { value }) => sum + value, 0);
  const failedOpen = total('fail_open_count');
  const isFailure = ({ error_type }: Sample['labels']) => error_type !== 'no_error';
  const failedClosed = total('rejection_count', isFailure);
  const denied = total('rejection_count', (labels) => !isFailure(labels));
  const probe = "npm run doctor -- --probe shows the API server's own error; what is counted goes back to its start";
  const failures: [number, string][] = [
    [failedOpen, 'let in a Pod without asking, for the function could not be called: failurePolicy Ignore hides it'],
    [failedClosed, 'refused a Pod, for the function could not be called: failurePolicy Fail'],
  ];
  const findings = failures
    .filter(([times]) => times > 0)
    .map(([times, what]) => warning(link, `${count(times, 'time')} the API server ${what}`, probe));
  if (findings.length > 0) return findings;
  const calls = total('request_total');
  const denials = denied > 0 ? `, ${denied} Pods denied for a conflict` : '';
  return [ok(link, `${count(calls, 'call')} since the API server started, none has failed${denials}`)];
}
