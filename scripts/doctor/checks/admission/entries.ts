import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Injection } from '../../../../function/review/injection.ts';
import { selectedKeys } from '../../../../function/review/selector.ts';
import { callsForPods, callsInNamespace } from '../../../install/entry-rules.ts';
import { isSubset } from '../../../install/selector-subset.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { labelsOf, type Namespaces } from '../../namespaces.ts';
import { someOf } from '../../text.ts';
import { webhook } from '../connection/webhook.ts';
import { injections } from '../function/injections.ts';
import { namespaces } from './namespaces.ts';

const fix = commandLine('deploy');

/** Whether the API server calls the function for each injection: an entry has to match all of its Pods. */
export const entries = check(
  'entries',
  'Webhook entries',
  [resultOf(webhook), resultOf(injections), namespaces],
  async (_, registered, all, known) => ({ findings: entryFindings(registered.entries, all, known) }),
);

function entryFindings(
  registered: readonly V1MutatingWebhook[],
  all: readonly Injection[],
  known: Namespaces,
): Finding[] {
  const covers = all.map((injection) => ({
    injection,
    covering: registered.filter(
      (entry) => callsForPods(entry) && isSubset(injection.selector, entry.objectSelector ?? {}),
    ),
  }));
  const findings = [
    ...registered.filter(({ objectSelector = {} }) => selectedKeys(objectSelector).length === 0).map(emptyFinding),
    ...covers.flatMap(({ injection, covering }) => coverFindings(injection, covering, known)),
    ...registered
      .filter((entry) => !covers.some(({ covering }) => covering.includes(entry)))
      .map(({ name }) => warning(`no injection needs entry ${name}: its Pods wait for a call in vain`, fix)),
  ];
  const names = all.map(({ name }) => name);
  return findings.length > 0 ? findings : [ok(`the API server calls the function for ${someOf(names, 5)}`)];
}

function emptyFinding({ name }: V1MutatingWebhook): Finding {
  return broken(`entry ${name} has an empty objectSelector: every Pod of the cluster waits for its call`, fix);
}

/** Of an injection that no entry covers. */
export function uncoveredFinding(injection: string): Finding {
  return broken(`no entry covers injection ${injection}: the API server never calls the function for its Pods`, fix);
}

function coverFindings(
  { name, namespaces: names }: Injection,
  covering: readonly V1MutatingWebhook[],
  known: Namespaces,
): Finding[] {
  if (covering.length === 0) return [uncoveredFinding(name)];
  const literal = (names?.include ?? []).filter((glob) => !/[*?]/.test(glob));
  return literal
    .filter((namespace) => !covering.some((entry) => callsInNamespace(entry, labelsOf(known, namespace))))
    .map((namespace) =>
      broken(
        `injection ${name} is for namespace ${namespace}, which the namespaceSelector of its entry leaves out`,
        `take ${namespace} out of the injection's namespaces, or of the namespaceSelector`,
      ),
    );
}
