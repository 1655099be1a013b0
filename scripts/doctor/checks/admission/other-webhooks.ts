import type { Injection } from '../../../../function/review/injection.ts';
import { callsForLabels, callsForPods } from '../../../install/entry-rules.ts';
import { labelsFor } from '../../../install/probe-pod.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { someOf } from '../../text.ts';
import { type Registered, webhook } from '../connection/webhook.ts';
import { injections } from '../function/injections.ts';

/** The webhooks that are called for our Pods after ours, and may add containers: the API server goes by the names of their configurations. */
export const otherWebhooks = check(
  'other-webhooks',
  'Other webhooks',
  [resultOf(webhook), resultOf(injections)],
  async (_, registered, all) => ({ findings: [otherWebhooksFinding(registered, all)] }),
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
