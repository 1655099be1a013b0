import type { Check } from './check.ts';
import { calls } from './checks/admission/calls.ts';
import { entries } from './checks/admission/entries.ts';
import { entryFields } from './checks/admission/entry-fields.ts';
import { namespaces } from './checks/admission/namespaces.ts';
import { otherWebhooks } from './checks/admission/other-webhooks.ts';
import { platformPods } from './checks/admission/platform-pods.ts';
import { probe } from './checks/admission/probe.ts';
import { timeouts } from './checks/admission/timeouts.ts';
import { callerTokens } from './checks/connection/caller-tokens.ts';
import { clusterLocalTls } from './checks/connection/cluster-local-tls.ts';
import { domainMapping } from './checks/connection/domain-mapping.ts';
import { gatewayService } from './checks/connection/gateway-service.ts';
import { webhook } from './checks/connection/webhook.ts';
import { copySources } from './checks/function/copy-sources.ts';
import { injections } from './checks/function/injections.ts';
import { knativeService } from './checks/function/knative-service.ts';
import { namespace } from './checks/function/namespace.ts';
import { permissions } from './checks/function/permissions.ts';
import { serviceAccount } from './checks/function/service-account.ts';
import { requestMetrics } from './checks/monitoring/request-metrics.ts';
import { certManager } from './checks/platform/cert-manager.ts';
import { ingress } from './checks/platform/ingress.ts';
import { issuer } from './checks/platform/issuer.ts';
import { knative } from './checks/platform/knative.ts';
import { containers } from './checks/pods/containers.ts';
import { copies } from './checks/pods/copies.ts';
import { podSecurity } from './checks/pods/pod-security.ts';
import { refusedPods } from './checks/pods/refused-pods.ts';
import { selectedPods } from './checks/pods/selected-pods.ts';
import { volumeSources } from './checks/pods/volume-sources.ts';
import { workloadLabels } from './checks/pods/workload-labels.ts';
import { caBundle } from './checks/trust/ca-bundle.ts';
import { certificates } from './checks/trust/certificates.ts';
import { tls } from './checks/trust/tls.ts';

/** Checks that are shown together, in an order in which each comes after those that it needs. */
export interface Category {
  /** The name of its folder, too. */
  id: string;
  title: string;
  /** Whether the API server's call takes what is checked: where that may not be looked at, the exit status is 3. */
  isOfCall: boolean;
  checks: readonly Check<unknown>[];
}

/** What a cluster needs before anything of the webhook is there. */
export const platform: Category = {
  id: 'platform',
  title: 'Platform',
  isOfCall: true,
  checks: [knative, ingress, certManager, issuer],
};

/** From the platform to the Pods. */
export const categories: readonly Category[] = [
  platform,
  {
    id: 'function',
    title: 'Function',
    isOfCall: true,
    checks: [namespace, knativeService, injections, copySources, serviceAccount, permissions],
  },
  {
    id: 'connection',
    title: 'Connection to the function',
    isOfCall: true,
    checks: [webhook, callerTokens, clusterLocalTls, gatewayService, domainMapping],
  },
  { id: 'trust', title: 'Trust in the function', isOfCall: true, checks: [certificates, caBundle, tls] },
  {
    id: 'admission',
    title: 'Admission of Pods',
    isOfCall: true,
    checks: [calls, probe, namespaces, entries, entryFields, platformPods, timeouts, otherWebhooks],
  },
  {
    id: 'pods',
    title: 'Pods',
    isOfCall: false,
    checks: [selectedPods, containers, refusedPods, workloadLabels, volumeSources, podSecurity, copies],
  },
  { id: 'monitoring', title: 'Monitoring', isOfCall: false, checks: [requestMetrics] },
];
