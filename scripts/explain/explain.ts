import type { V1Namespace } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import type { Category } from '../doctor/categories.ts';
import type { Outcomes } from '../doctor/check.ts';
import { webhook } from '../doctor/checks/connection/webhook.ts';
import { injections } from '../doctor/checks/function/injections.ts';
import { knativeService } from '../doctor/checks/function/knative-service.ts';
import { namespace } from '../doctor/checks/function/namespace.ts';
import { knative } from '../doctor/checks/platform/knative.ts';
import type { Context } from '../doctor/context.ts';
import { withFixFor } from '../doctor/fix.ts';
import { labelsOf } from '../doctor/namespaces.ts';
import { type Diagnosis, diagnose } from '../doctor/run.ts';
import { count, someOf } from '../doctor/text.ts';
import { deployedAt } from '../install/deployed-injections.ts';
import { readEarlier } from '../install/earlier-injections.ts';
import { read, unless } from '../kubernetes/read.ts';
import type { Finding } from '../terminal/finding.ts';
import { contentFinding } from './content.ts';
import type { Subject } from './subject.ts';
import { type Place, whyNot } from './why-not.ts';

/** What is said of an injection in some Pods. */
export interface Explanation extends Finding {
  injection: string;
}

/** Pods of which the same is said. */
export interface ExplainedPods {
  /** `Deployment shop, 2 Pods: shop-5f7-a, shop-5f7-b` */
  title: string;
  explanations: Explanation[];
}

/** The webhook as far as it takes to explain a Pod, and what of it is not as it should be. */
export interface Known extends Omit<Place, 'namespaceLabels' | 'namespace'> {
  findings: Diagnosis[];
}

const checks: Category = {
  id: 'webhook',
  title: 'Webhook',
  isOfCall: true,
  checks: [knative, namespace, knativeService, injections, webhook],
};

/** Reads the webhook. Without its injections there is nothing to explain; without its configuration, no entry covers any. */
export async function readKnown(context: Context): Promise<Known> {
  const outcomes: Outcomes = new Map();
  const findings: Diagnosis[] = [];
  for await (const finding of diagnose(context, [checks], outcomes))
    if (finding.status !== 'ok' && finding.cause === undefined) findings.push(finding);
  const registered = webhook.outcomeIn(outcomes).found;
  const serving = knativeService.outcomeIn(outcomes).found?.serving;
  return {
    injections: injections.outcomeIn(outcomes).found ?? [],
    entries: registered?.entries ?? [],
    since: {
      registered: registered?.since ?? new Date(0),
      deployed: serving && (await deployedAt(context.api, context.installation, serving)),
      ...(serving && { earlier: await readEarlier(context.api, context.installation, serving) }),
    },
    findings,
  };
}

/** Explains the chosen injections in these Pods of a namespace; those of which the same is said at once. */
export async function explain(
  context: Context,
  subjects: readonly Subject[],
  namespace: string,
  known: Known,
  chosen: readonly Injection[] = known.injections,
): Promise<ExplainedPods[]> {
  const found = await unless(403, read<V1Namespace>(context.api, `/api/v1/namespaces/${namespace}`));
  const labels = new Map(found ? [[namespace, found.metadata?.labels ?? {}]] : []);
  const place: Place = { ...known, namespace, namespaceLabels: labelsOf(labels, namespace) };
  const explained: { subject: Subject; explanations: Explanation[] }[] = [];
  for (const subject of subjects)
    explained.push({ subject, explanations: await explainOne(context, subject, place, chosen) });
  const groups = Map.groupBy(explained, ({ explanations }) =>
    JSON.stringify(explanations.map(({ status, text }) => [status, text])),
  );
  return [...groups.values()].map((group) => ({
    title: titleOf(group.map(({ subject }) => subject)),
    explanations: (group[0]?.explanations ?? []).map((explanation, index) => {
      const fixes = new Set(group.flatMap(({ explanations }) => explanations[index]?.fix ?? []));
      return fixes.size > 1 ? { ...explanation, fix: [...fixes].slice(0, 3).join('\n') } : explanation;
    }),
  }));
}

async function explainOne(
  context: Context,
  subject: Subject,
  place: Place,
  chosen: readonly Injection[],
): Promise<Explanation[]> {
  const { api, installation } = context;
  const explanations: Explanation[] = [];
  for (const injection of chosen) {
    const finding =
      whyNot(subject, injection, place) ??
      (await contentFinding(api, subject, injection, {
        namespace: place.namespace,
        sourceNamespace: installation.namespace,
      }));
    explanations.push({ injection: injection.name, ...withFixFor(finding, context) });
  }
  return explanations;
}

function titleOf(subjects: readonly Subject[]): string {
  const workload = subjects[0]?.owners.at(-1);
  const names = someOf(subjects.map(({ pod }) => pod.metadata.name ?? ''));
  if (!workload) return `${count(subjects.length, 'Pod')}: ${names}`;
  const { kind, metadata } = workload;
  if (!subjects[0]?.isThere) return `${kind} ${metadata.name}, which has no Pod`;
  return `${kind} ${metadata.name}, ${count(subjects.length, 'Pod')}: ${names}`;
}
