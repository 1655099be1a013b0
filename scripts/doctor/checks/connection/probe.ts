import type { Installation } from '../../../install/installation.ts';
import { probeReach } from '../../../install/probe.ts';
import { ApiError, type KubernetesApi } from '../../../kubernetes/client.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import type { Progress } from '../../../terminal/progress.ts';
import type { Seen } from '../../check.ts';
import type { Registered } from './webhook.ts';

/** What `--probe` needs: where its dry run is, and how to tell and to tidy up. */
export interface Probing {
  probeNamespace: string;
  progress: Progress;
  cleanup: AsyncDisposableStack;
}

/** Has the API server call the function, on a dry run under a webhook configuration of its own that is there for a moment. */
export async function lookAtReach(
  api: KubernetesApi,
  installation: Installation,
  { clientConfig: { caBundle: _, ...clientConfig }, caFrom = '' }: Registered,
  { probeNamespace, progress, cleanup }: Probing,
): Promise<Seen<true>> {
  const fail = (failure: string) => ({
    findings: [broken('reach', failure, 'the links above, from function on, say what is broken')],
  });
  try {
    const probed = await probeReach(
      api,
      { ...installation, clientConfig, caFrom, probeNamespace },
      { progress, cleanup },
    );
    if ('failure' in probed) return fail(probed.failure);
    return {
      findings: [ok('reach', `the API server called the function in ${(probed.ms / 1000).toFixed(2)} s`)],
      found: true,
    };
  } catch (error) {
    // What the API server refuses (403, say) is for others to tell; this is cainjector that does not come by.
    if (error instanceof ApiError) throw error;
    return fail((error as Error).message);
  }
}
