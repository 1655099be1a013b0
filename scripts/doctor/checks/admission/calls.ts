import { commandLine } from '../../../terminal/command-line.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { count } from '../../text.ts';
import { webhook } from '../connection/webhook.ts';

/** How the API server's calls went since it started, by its own counters; where there are several, by those of one. */
export const calls = check('calls', 'Calls', [resultOf(webhook)], async ({ api }, { entries }) => {
  const samples = samplesIn(await api.text('/metrics'), new Set(entries.map(({ name }) => name)));
  return { findings: callFindings(samples) };
});

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
  // By hand: these are a few lines of megabytes, and parse-prometheus-text-format, whose last release is of 2024, parses all.
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
  const failures: [number, string, string][] = [
    [failedOpen, 'admitted a Pod without calling the function (failed open)', 'failurePolicy Ignore hides the error'],
    [failedClosed, 'refused a Pod because it could not call the function', 'failurePolicy is Fail'],
  ];
  const fix = `# shows the API server's own error; the counters start anew with the API server:\n${commandLine('doctor', '--probe')}`;
  const findings = failures
    .filter(([times]) => times > 0)
    .map(([times, what, why]) => warning(`the API server ${what} ${count(times, 'time')}: ${why}`, fix));
  if (findings.length > 0) return findings;
  const denials = denied > 0 ? `, ${count(denied, 'Pod')} denied for a conflict` : '';
  return [ok(`${count(total('request_total'), 'call')} since the API server started, none has failed${denials}`)];
}
