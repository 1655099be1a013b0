import { readClusterLocalTls, readNetwork, waitForIssuer } from '../install/platform.ts';
import { type Reach, waysOf } from '../install/reach.ts';
import type { Finding } from '../terminal/finding.ts';
import type { Progress } from '../terminal/progress.ts';
import { platform } from './categories.ts';
import type { Outcomes } from './check.ts';
import { clusterLocalTls, clusterLocalTlsFinding } from './checks/connection/cluster-local-tls.ts';
import type { Context } from './context.ts';
import { withFixFor } from './fix.ts';
import { diagnose } from './run.ts';

/** What `deploy` goes on. */
interface Platform {
  /** The ways to reach the function; none where something is broken, or could not be checked. */
  ways: readonly Reach[];
  gatewayNamespace?: string | undefined;
  /** What the platform's checks have come to, for those that come after. */
  outcomes: Outcomes;
}

interface Course {
  reach: 'url' | 'gateway' | 'auto';
  progress: Progress;
  show: (title: string, finding: Finding) => void;
}

/** Checks, and shows, what a cluster has of what the webhook needs before anything of it is there. Changes nothing. */
export async function checkPlatform(context: Context, { reach, progress, show }: Course): Promise<Platform> {
  const { api } = context;
  await waitForIssuer(api, progress);
  const shown: Finding[] = [];
  const outcomes: Outcomes = new Map();
  for await (const finding of diagnose(context, [platform], outcomes)) {
    show(finding.title, finding);
    shown.push(finding);
  }
  if (shown.some(({ status }) => status === 'unknown')) return { ways: [], outcomes };
  const network = await readNetwork(api);
  const state = await readClusterLocalTls(api, network);
  const ways = waysOf(reach, network.gateway, state === 'enabled');
  if (ways.length === 0 || ways.includes('cluster-local-url')) {
    const finding = clusterLocalTlsFinding(state, network);
    show(clusterLocalTls.title, withFixFor(finding, context));
    shown.push(finding);
  }
  if (shown.some(({ status }) => status === 'broken')) return { ways: [], outcomes };
  return { ways, gatewayNamespace: network.gateway?.namespace, outcomes };
}
