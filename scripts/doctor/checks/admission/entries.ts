import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Injection } from '../../../../function/review/injection.ts';
import { callNames } from '../../../../function/review/namespaces.ts';
import { selectedKeys } from '../../../../function/review/selector.ts';
import { callsFor, isForNamespacesOf, leavesOut } from '../../../install/coverage.ts';
import { callNameOf, exactNames } from '../../../install/entries.ts';
import { callsForPods } from '../../../install/entry-rules.ts';
import { needlessCalls } from '../../../install/needless-calls.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { labelFindings } from '../../namespace-labels.ts';
import { nameFindings } from '../../namespace-names.ts';
import type { Namespaces } from '../../namespaces.ts';
import { partition } from '../../partition.ts';
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
  const names = callNames(all);
  const [knowing, unknown] = partition(registered, ({ clientConfig }) => {
    const name = callNameOf(clientConfig, names);
    return name === undefined || names.includes(name);
  });
  const covers = all.map((injection) => ({
    injection,
    covering: knowing.filter(
      (entry) => callsForPods(entry) && callsFor(entry, injection, all) && isForNamespacesOf(entry, injection),
    ),
  }));
  const findings = [
    ...unknown.map((entry) => unknownFinding(entry, names)),
    ...knowing.filter((entry) => selectsEveryPod(entry, names)).map(emptyFinding),
    ...covers.flatMap(({ injection, covering }) => coverFindings(injection, covering)),
    ...knowing
      .filter((entry) => !all.some((injection) => callsFor(entry, injection, all)))
      .map(({ name }) => warning(`no injection needs entry ${name}: its Pods wait for a call in vain`, fix)),
    ...all.flatMap((injection) => [...nameFindings(injection, known), ...labelFindings(injection, known)]),
  ];
  const covered = all.map(({ name }) => name);
  const found = findings.length > 0 ? findings : [ok(`the API server calls the function for ${someOf(covered, 5)}`)];
  const namespaces = [...known].map(([name, labels]) => ({ name, labels }));
  return [...found, ...needlessCalls(knowing, all, namespaces).map(ok)];
}

function unknownFinding({ name, clientConfig }: V1MutatingWebhook, names: readonly string[]): Finding {
  const called = callNameOf(clientConfig, names);
  return broken(
    `entry ${name} calls for injection ${called}, which the function has not, or not with a namespaceSelector: it answers 404`,
    fix,
  );
}

/** Of every namespace: those that an injection selects by their labels may well have all of their Pods selected. */
function selectsEveryPod({ objectSelector = {}, clientConfig }: V1MutatingWebhook, names: readonly string[]): boolean {
  return selectedKeys(objectSelector).length === 0 && callNameOf(clientConfig, names) === undefined;
}

function emptyFinding({ name }: V1MutatingWebhook): Finding {
  return broken(`entry ${name} has an empty objectSelector: every Pod of the cluster waits for its call`, fix);
}

/** Of an injection that no entry covers. */
export function uncoveredFinding(injection: string): Finding {
  return broken(`no entry covers injection ${injection}: the API server never calls the function for its Pods`, fix);
}

function coverFindings({ name, namespaces: names }: Injection, covering: readonly V1MutatingWebhook[]): Finding[] {
  if (covering.length === 0) return [uncoveredFinding(name)];
  return exactNames(names?.include)
    .filter((namespace) => covering.every((entry) => leavesOut(entry, namespace)))
    .map((namespace) =>
      broken(
        `injection ${name} is for namespace ${namespace}, which the namespaceSelector of its entry leaves out`,
        `take ${namespace} out of the injection's namespaces, or of the namespaceSelector`,
      ),
    );
}
