import type { Injection } from '../../../../function/review/injection.ts';
import { labelsFor } from '../../../install/probe-pod.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { someOf } from '../../names.ts';
import { asksForLabels, asksForPods } from '../../pod-rules.ts';
import type { Registered } from '../connection/webhook.ts';

const link = 'other webhooks';

/** The webhooks that see our Pods after us, and may add containers: the API server goes by their configurations' names. */
export function neighbourFindings({ name, entries, others }: Registered, injections: readonly Injection[]): Finding[] {
  const later = others
    .filter(({ metadata }) => (metadata?.name ?? '') > name)
    .filter(({ webhooks = [] }) =>
      webhooks.some(
        (entry) => asksForPods(entry) && injections.some(({ selector }) => asksForLabels(entry, labelsFor(selector))),
      ),
    )
    .map(({ metadata }) => metadata?.name ?? '');
  if (later.length === 0) return [ok(link, 'none sees our Pods after us')];
  if (entries.every(({ reinvocationPolicy }) => reinvocationPolicy === 'IfNeeded')) {
    return [ok(link, `after us ${someOf(later)}: what they add gets its files by reinvocationPolicy IfNeeded`)];
  }
  const text = `containers that ${someOf(later)} adds stay without files: reinvocationPolicy is not IfNeeded`;
  return [warning(link, text, 'npm run deploy')];
}
