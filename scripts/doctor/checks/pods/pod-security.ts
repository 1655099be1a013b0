import type { V1MutatingWebhook } from '@kubernetes/client-node';
import { isForNamespace } from '../../../../function/copies/namespaces.ts';
import { refusingStandards, sourceOf } from '../../../../function/injections/pod-security.ts';
import type { Injection } from '../../../../function/review/injection.ts';
import { callsForPods, callsInNamespace } from '../../../install/entry-rules.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, denied, type Finding, ok } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import type { Namespaces } from '../../namespaces.ts';
import { someOf } from '../../text.ts';
import { namespaces } from '../admission/namespaces.ts';
import { webhook } from '../connection/webhook.ts';
import { injections } from '../function/injections.ts';

/** Whether a namespace enforces a Pod Security Standard that refuses what is injected there: no such Pod can be created. */
export const podSecurity = check(
  'pod-security',
  'Pod Security',
  [resultOf(webhook), resultOf(injections), namespaces],
  async (_, { entries }, all, known) => {
    const refusable = all.filter(({ volume }) => refusingStandards(volume).length > 0);
    if (refusable.length > 0 && known.size === 0) return { findings: [denied('namespaces must not be listed')] };
    const findings = refusable.flatMap((injection) => refusalIn(known, injection, entries));
    return { findings: findings.length > 0 ? findings : [ok('no namespace refuses the volume of an injection')] };
  },
);

function refusalIn(known: Namespaces, injection: Injection, entries: readonly V1MutatingWebhook[]): Finding[] {
  const { name, volume } = injection;
  const standards = refusingStandards(volume);
  const refusing = [...known].flatMap(([namespace, labels]) => {
    const enforced = labels['pod-security.kubernetes.io/enforce'] ?? '';
    const isCalledFor = entries.some((entry) => callsForPods(entry) && callsInNamespace(entry, labels));
    return standards.includes(enforced) && isCalledFor && isForNamespace(injection, { name: namespace, labels })
      ? [{ namespace, enforced }]
      : [];
  });
  if (refusing.length === 0) return [];
  const places = someOf(refusing.map(({ namespace, enforced }) => `${namespace} (${enforced})`).sort());
  const text = `injection ${name} has a volume of kind ${sourceOf(volume)}, which Pod Security refuses in ${places}: its Pods cannot be created there`;
  const fix = [
    "# leave them out by the injection's namespaces, or take another kind of volume, then:",
    commandLine('deploy', '--injections FILE'),
  ].join('\n');
  return [broken(text, fix)];
}
