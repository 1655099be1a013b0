import type { V1MutatingWebhook } from '@kubernetes/client-node';
import { type Injection, optOutAnnotation } from '../../function/review/injection.ts';
import { callNames, reviewedBy } from '../../function/review/namespaces.ts';
import { isOptedOut } from '../../function/review/opt-out.ts';
import { alreadyInjected, noContainer } from '../../function/review/review.ts';
import { unmetBy, unmetRequirements } from '../../function/review/selection.ts';
import { selectedKeys, selectsLabels, selectsName } from '../../function/review/selector.ts';
import { isWindowsPod } from '../../function/review/windows.ts';
import { uncoveredFinding } from '../doctor/checks/admission/entries.ts';
import { isLacking, isOlder, type Since, whyLacking } from '../doctor/checks/pods/selected-pods.ts';
import { hasEarlierFiles, withEarlierFiles } from '../doctor/earlier-files.ts';
import { inTheWayFix } from '../doctor/in-the-way.ts';
import { restartCommands } from '../doctor/restart.ts';
import { callNameOf, nameLabel } from '../install/entries.ts';
import { callsForLabels, callsForPods, callsInNamespace } from '../install/entry-rules.ts';
import { commandLine } from '../terminal/command-line.ts';
import { broken, type Finding, info, warning } from '../terminal/finding.ts';
import { shell } from '../terminal/output.ts';
import { decide } from '../workloads/decide.ts';
import { formatResult, leftOut, type Outcome, outcomeOf } from '../workloads/outcome.ts';
import { isMislabelled, labelChanges, mislabelledText, templatePatch } from '../workloads/pod-template-labels.ts';
import { containersWith, type Subject } from './subject.ts';

/** The webhook, and where the Pod is. */
export interface Place {
  injections: readonly Injection[];
  entries: readonly V1MutatingWebhook[];
  since: Since;
  namespace: string;
  namespaceLabels: Readonly<Record<string, string>>;
}

/** Why an injection is not, or not all, in a Pod, and what to do about it; undefined where all of it is there. */
export function whyNot(subject: Subject, injection: Injection, place: Place): Finding | undefined {
  return (
    unselected(subject, injection, place) ??
    uncalled(subject, injection, place) ??
    outdated(subject, injection, place) ??
    unmade(subject, injection, place)
  );
}

function unselected(subject: Subject, injection: Injection, { namespace }: Place): Finding | undefined {
  const { pod, owners } = subject;
  const labels = pod.metadata.labels ?? {};
  const reasons = unmetBy(injection, { namespace, labels });
  if (reasons.length === 0) return undefined;
  const mislabelled = owners.find((owner) => isMislabelled(owner, injection));
  const slip = mislabelled ? [mislabelledText(mislabelled, injection)] : [];
  const text = formatResult({ result: 'not selected', reasons: [...reasons, ...slip] });
  const changes = labelChanges(injection.selector, labels, mislabelled?.metadata.labels);
  const fixes = [
    ...(selectsName(injection.namespaces, namespace) ? [] : [namespacesFix()]),
    ...(Object.keys(changes).length > 0 ? [metadataFix(subject, { labels: changes })] : []),
  ];
  const isMeant = mislabelled !== undefined || hasLabelsFor(subject, injection);
  return (isMeant ? warning : info)(text, fixes.join('\n'));
}

/** Whether a Pod has labels that an injection looks for: without any, an injection need not be meant for it. */
function hasLabelsFor({ pod }: Subject, { selector }: Injection): boolean {
  return selectedKeys(selector).length > 0 && selectsLabels(selector, pod.metadata.labels ?? {});
}

function namespacesFix(): string {
  return `# change namespaces of the injection, then:\n${commandLine('deploy', '--injections FILE')}`;
}

/** Whether the API server calls the function for the Pod. */
function uncalled(subject: Subject, injection: Injection, place: Place): Finding | undefined {
  const { pod, isThere } = subject;
  const { injections, entries, namespace, namespaceLabels } = place;
  const labels = pod.metadata.labels ?? {};
  const covering = entries.filter(
    (entry) => callsForPods(entry) && callsForLabels(entry, labels) && isAbout(entry, injection, injections),
  );
  if (covering.length === 0) {
    const uncovered = uncoveredFinding(injection.name);
    return isThere ? { ...uncovered, fix: `${uncovered.fix}\n${restartCommands([pod])}` } : uncovered;
  }
  if (covering.some((entry) => callsInNamespace(entry, namespaceLabels))) return undefined;
  const [entry] = covering;
  const finding = hasLabelsFor(subject, injection) ? warning : info;
  const changes = labelChanges(entry?.namespaceSelector ?? {}, namespaceLabels);
  if (nameLabel in changes) {
    const fix = '# what the function itself needs must never wait for it: run this in another namespace';
    return finding(formatResult({ result: 'not called', reasons: [leftOut(namespace)] }), fix);
  }
  const unmet = unmetRequirements(entry?.namespaceSelector ?? {}, namespaceLabels, 'namespace label');
  const values = Object.entries(changes).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`));
  return finding(
    formatResult({ result: 'not selected', reasons: unmet }),
    `${shell`kubectl label namespace ${namespace} ${values}`}${isThere ? `\n${restartCommands([pod])}` : ''}`,
  );
}

/** Whether the function, called by an entry, reviews an injection. */
function isAbout({ clientConfig }: V1MutatingWebhook, injection: Injection, all: readonly Injection[]): boolean {
  return reviewedBy(all, callNameOf(clientConfig, callNames(all))).includes(injection);
}

/** The injection for a call without a name. */
function withoutNamespaces({ namespaceSelector: _, ...injection }: Injection): Injection {
  return injection;
}

/** Whether the Pod has what the injection was before. */
function outdated({ pod, isThere }: Subject, injection: Injection, { since }: Place): Finding | undefined {
  if (!isThere || !hasEarlierFiles(pod, [injection], since.earlier ?? [])) return undefined;
  return warning(withEarlierFiles, restartCommands([pod]));
}

/** What the function makes of the Pod where it is called. */
function unmade(subject: Subject, injection: Injection, place: Place): Finding | undefined {
  const { pod, isThere } = subject;
  const { injections, namespace, namespaceLabels, since } = place;
  const name = injection.namespaceSelector && injection.name;
  const { decision } = decide(pod, { name: pod.metadata.name ?? '', namespace }, injections, name);
  const outcome = outcomeOf(injection, decision, { namespace, labels: pod.metadata.labels ?? {}, namespaceLabels });
  const isNotInjected = isThere && isLacking(pod, [withoutNamespaces(injection)]);
  switch (outcome.result) {
    case 'denied':
      return broken(deniedText(subject, injection, outcome, since), inTheWayFix);
    case 'skipped':
      return warning(formatResult(outcome), inTheWayFix);
    case 'injected in part':
      return isNotInjected
        ? lackingFinding(pod, injection, since)
        : warning(partText(subject, injection, outcome), inTheWayFix);
    case 'unchanged':
      return outcome.reasons.includes(alreadyInjected)
        ? undefined
        : warning(formatResult(outcome), unchangedFix(subject, outcome.reasons));
    default:
      return isNotInjected ? lackingFinding(pod, injection, since) : undefined;
  }
}

/** `injected into web alone: container app: /etc/config is taken by volume own` */
function partText(subject: Subject, injection: Injection, outcome: Outcome): string {
  const names = containersWith(subject, injection).join(', ');
  return subject.isThere ? `injected into ${names} alone: ${outcome.reasons.join('; ')}` : formatResult(outcome);
}

/** A Pod that is there all the same was never reviewed. */
function deniedText({ pod, isThere }: Subject, injection: Injection, outcome: Outcome, since: Since): string {
  if (!isThere) return formatResult(outcome);
  return `not injected: ${whyLacking(pod, [injection], since)}; created again, it would be ${formatResult(outcome)}`;
}

function unchangedFix(subject: Subject, reasons: readonly string[]): string {
  if (isOptedOut(subject.pod)) return metadataFix(subject, { annotations: { [optOutAnnotation]: null } });
  if (isWindowsPod(subject.pod)) return '# injections are for Linux: leave such Pods out by the selector';
  if (reasons.includes(noContainer)) return '# name a container of it in containers.include of the injection';
  return '# a static Pod: mount the files in its manifest, on the node';
}

function lackingFinding(pod: Subject['pod'], injection: Injection, since: Since): Finding {
  const again = restartCommands([pod]);
  const fix = isOlder(pod, since) ? again : `${commandLine('doctor', '--probe')} # says why, then:\n${again}`;
  return warning(`not injected: ${whyLacking(pod, [injection], since)}`, fix);
}

/** How to change a Pod's labels or annotations: in what makes it, or in its manifest. */
function metadataFix({ pod, owners }: Subject, metadata: Parameters<typeof templatePatch>[1]): string {
  const workload = owners.at(-1);
  if (workload) return templatePatch(workload, metadata);
  return `# change its manifest by ${JSON.stringify({ metadata })}, then:\n${restartCommands([pod])}`;
}
