import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Injection } from '../../../../function/review/injection.ts';
import { selectedKeys } from '../../../../function/review/selector.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { implies } from '../../implication.ts';
import { someOf } from '../../names.ts';
import { labelsOf, type Namespaces } from '../../namespaces.ts';
import { asksForPods, asksInNamespace } from '../../pod-rules.ts';

const link = 'entries';
const fix = 'npm run deploy';

/** Whether the API server asks the function for each injection: it needs an entry that lets its Pods through. */
export function entryFindings(
  entries: readonly V1MutatingWebhook[],
  injections: readonly Injection[],
  namespaces: Namespaces,
): Finding[] {
  const covers = injections.map((injection) => ({
    injection,
    covering: entries.filter((entry) => asksForPods(entry) && implies(injection.selector, entry.objectSelector ?? {})),
  }));
  const findings = [
    ...entries.filter(({ objectSelector = {} }) => selectedKeys(objectSelector).length === 0).map(emptyFinding),
    ...covers.flatMap(({ injection, covering }) => coverFindings(injection, covering, namespaces)),
    ...entries
      .filter((entry) => !covers.some(({ covering }) => covering.includes(entry)))
      .map(({ name }) => warning(link, `no injection needs entry ${name}: its Pods wait for nothing`, fix)),
  ];
  const names = someOf(
    injections.map(({ name }) => name),
    5,
  );
  return findings.length > 0 ? findings : [ok(link, `the API server asks for ${names}`)];
}

function emptyFinding({ name }: V1MutatingWebhook): Finding {
  return broken(link, `entry ${name} has an empty objectSelector: every Pod of the cluster waits for it`, fix);
}

function coverFindings(
  { name, namespaces: names }: Injection,
  covering: readonly V1MutatingWebhook[],
  namespaces: Namespaces,
): Finding[] {
  if (covering.length === 0) {
    const text = `no entry covers injection ${name}: the API server never asks for its Pods`;
    return [broken(link, text, fix)];
  }
  const literal = (names?.include ?? []).filter((glob) => !/[*?]/.test(glob));
  return literal
    .filter((namespace) => !covering.some((entry) => asksInNamespace(entry, labelsOf(namespaces, namespace))))
    .map((namespace) => {
      const text = `injection ${name} is for namespace ${namespace}, which the namespaceSelector of its entry leaves out`;
      return broken(link, text, `take ${namespace} out of the injection's namespaces, or of the namespaceSelector`);
    });
}
