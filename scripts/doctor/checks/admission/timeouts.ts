import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Injection } from '../../../../function/review/injection.ts';
import { callsForLabels, callsForPods } from '../../../install/entry-rules.ts';
import { relativeManifestPath } from '../../../install/manifests.ts';
import { labelsFor } from '../../../install/probe-pod.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { type Registered, webhook } from '../connection/webhook.ts';
import { injections } from '../function/injections.ts';

/** What the API server has for one request, every webhook and the storing included (k8s.io/apiserver pkg/endpoints/handlers, requestTimeoutUpperBound). */
const requestSeconds = 34;

/** How long, at most, the API server waits for all webhooks as it creates a Pod: one of the injection that takes longest. */
export const timeouts = check(
  'timeouts',
  'Timeouts',
  [resultOf(webhook), resultOf(injections)],
  async (_, registered, all) => ({ findings: timeoutFindings(registered, all) }),
);

function timeoutFindings({ entries, others }: Registered, all: readonly Injection[]): Finding[] {
  const candidates = [...others.flatMap(({ webhooks = [] }) => webhooks), ...entries].filter(callsForPods);
  const [longest] = all
    .map(({ name, selector }) => {
      const called = candidates.filter((entry) => callsForLabels(entry, labelsFor(selector)));
      return { name, called, seconds: called.reduce((sum, entry) => sum + secondsOf(entry), 0) };
    })
    .sort((one, other) => other.seconds - one.seconds);
  if (!longest) return [];
  const { name, called, seconds } = longest;
  const parts = called.map((entry) => `${entry.name} ${secondsOf(entry)} s`).join(', ');
  const text = `a Pod of ${name} waits ${seconds} s at most (${parts}); the API server gives up after ${requestSeconds} s`;
  if (seconds <= requestSeconds) return [ok(text)];
  return [
    warning(text, `lower timeoutSeconds: that of hello-webhook is in ${relativeManifestPath('base/entry.yaml')}`),
  ];
}

function secondsOf({ timeoutSeconds = 10 }: V1MutatingWebhook): number {
  return timeoutSeconds;
}
