import type { Injection } from '../../../../function/review/injection.ts';
import { callsForLabels, callsForPods, callsInNamespace } from '../../../install/entry-rules.ts';
import { calledBy } from '../../../install/installations.ts';
import { labelsFor } from '../../../install/probe-pod.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { labelsOf, type Namespaces } from '../../namespaces.ts';
import { someOf } from '../../text.ts';
import { type Registered, webhook } from '../connection/webhook.ts';
import { injections } from '../function/injections.ts';
import { namespaces } from './namespaces.ts';

/**
 * The webhooks that are called for our Pods after ours, and may add containers: the API server goes by the names of their
 * configurations. And other installations whose function's Pods ours is called for.
 */
export const otherWebhooks = check(
  'other-webhooks',
  'Other webhooks',
  [resultOf(webhook), resultOf(injections), namespaces],
  async (_, registered, all, known) => ({
    findings: [otherWebhooksFinding(registered, all), ...waitingFindings(registered, known)],
  }),
);

function otherWebhooksFinding({ name, entries, others }: Registered, all: readonly Injection[]): Finding {
  const later = others
    .filter(({ metadata }) => (metadata?.name ?? '') > name)
    .filter(({ webhooks = [] }) =>
      webhooks.some(
        (entry) => callsForPods(entry) && all.some(({ selector }) => callsForLabels(entry, labelsFor(selector))),
      ),
    )
    .map(({ metadata }) => metadata?.name ?? '');
  if (later.length === 0) return ok(`none is called for the same Pods after ${name}`);
  if (entries.every(({ reinvocationPolicy }) => reinvocationPolicy === 'IfNeeded'))
    return ok(
      `${someOf(later)} after ${name}: containers that they add get their files by reinvocationPolicy IfNeeded`,
    );
  const text = `containers that ${someOf(later)} adds after ${name} get no files: reinvocationPolicy is not IfNeeded`;
  return warning(text, commandLine('deploy'));
}

/** Two functions whose Pods wait for each other's webhook do not start where both refuse Pods without it. */
function waitingFindings({ entries, others }: Registered, known: Namespaces): Finding[] {
  return others
    .flatMap((other) => calledBy(other) ?? [])
    .flatMap(({ name, namespace }) => {
      // Knative gives its Pods labels, and people hardly any.
      const matching = entries.filter(
        (entry) =>
          callsForPods(entry) &&
          callsInNamespace(entry, labelsOf(known, namespace)) &&
          callsForLabels(entry, { 'serving.knative.dev/service': name }),
      );
      if (matching.length === 0) return [];
      const text = `${someOf(matching.map((entry) => entry.name))} may be called for Pods in ${namespace}: the function of ${name} waits for this one whenever it starts`;
      const fix = `# add ${namespace} to namespaces.exclude in the file of the injections, then:`;
      return [warning(text, `${fix}\n${commandLine('deploy', '--injections FILE')}`)];
    });
}
