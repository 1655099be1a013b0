import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Injection } from '../../../../function/review/injection.ts';
import { labelsFor } from '../../../install/probe-pod.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { asksForLabels, asksForPods } from '../../pod-rules.ts';
import type { Registered } from '../connection/webhook.ts';

/** What the API server has for one request, every webhook and the storing included (k8s.io/apiserver pkg/endpoints/handlers, requestTimeoutUpperBound). */
const requestSeconds = 34;

/** How long, at most, the API server waits for webhooks at the creation of a Pod with one injection's labels: of all injections the longest. */
export function timeoutFindings({ entries, others }: Registered, injections: readonly Injection[]): Finding[] {
  const all = [...others.flatMap(({ webhooks = [] }) => webhooks), ...entries].filter(asksForPods);
  const [longest] = injections
    .map(({ name, selector }) => {
      const asked = all.filter((entry) => asksForLabels(entry, labelsFor(selector)));
      return { name, asked, seconds: asked.reduce((sum, entry) => sum + secondsOf(entry), 0) };
    })
    .sort((one, other) => other.seconds - one.seconds);
  if (!longest) return [];
  const { name, asked, seconds } = longest;
  const parts = asked.map((entry) => `${entry.name} ${secondsOf(entry)} s`).join(', ');
  const text = `a Pod of ${name} waits ${seconds} s at most (${parts}), and the API server gives up after ${requestSeconds} s`;
  if (seconds <= requestSeconds) return [ok('timeouts', text)];
  return [warning('timeouts', text, 'lower timeoutSeconds: ours stands in manifests/webhook/webhook.yaml')];
}

function secondsOf({ timeoutSeconds = 10 }: V1MutatingWebhook): number {
  return timeoutSeconds;
}
