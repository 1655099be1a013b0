import { fixOfCallFailure } from '../../../install/call-failure.ts';
import { probeReach } from '../../../install/probe.ts';
import { ApiError } from '../../../kubernetes/client.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import { check, explainedBy, resultOf } from '../../check.ts';
import { webhook } from '../connection/webhook.ts';
import { knativeService } from '../function/knative-service.ts';
import { caBundle } from '../trust/ca-bundle.ts';
import { tls } from '../trust/tls.ts';

/** Has the API server call the function, on a dry run under a temporary webhook configuration of its own. */
export const probe = check(
  'probe',
  'Probe',
  [resultOf(webhook), explainedBy(knativeService), explainedBy(caBundle), explainedBy(tls)],
  async ({ api, installation, probing }, { clientConfig: { caBundle: _, ...clientConfig }, caFrom = '' }) => {
    if (!probing) return { findings: [] };
    const { probeNamespace, ...course } = probing;
    const fail = (failure: string) => ({
      findings: [
        broken(
          failure,
          fixOfCallFailure(failure) ?? 'the checks above, from the Knative Service on, say what is broken',
        ),
      ],
    });
    try {
      const probed = await probeReach(api, { ...installation, clientConfig, caFrom, probeNamespace }, course);
      if ('failure' in probed) return fail(probed.failure);
      return { findings: [ok(`the API server called the function in ${(probed.ms / 1000).toFixed(2)} s`)] };
    } catch (error) {
      // What the API server refuses (403, say) is reported as that; this is cainjector that does not come by.
      if (error instanceof ApiError) throw error;
      return fail((error as Error).message);
    }
  },
  ({ probing }) => probing !== undefined,
);
