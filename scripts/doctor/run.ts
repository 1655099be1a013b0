import type { Injection } from '../../function/review/injection.ts';
import type { Installation } from '../install/installation.ts';
import {
  type Network,
  readCertManager,
  readIngress,
  readIssuer,
  readKnative,
  readNetwork,
} from '../install/prerequisites.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { Finding } from '../terminal/finding.ts';
import { before, type Link, type LinkFinding, link, type Seen, there, unseen } from './check.ts';
import { entryFindings } from './checks/admission/entries.ts';
import { neighbourFindings } from './checks/admission/other-webhooks.ts';
import { lookAtPlatform } from './checks/admission/platform.ts';
import { timeoutFindings } from './checks/admission/timeouts.ts';
import { lookAtCalls } from './checks/connection/calls.ts';
import { lookAtDomain } from './checks/connection/domain.ts';
import { lookAtClusterLocalTls, lookAtGateway } from './checks/connection/gateway.ts';
import { lookAtReach, type Probing } from './checks/connection/probe.ts';
import { hostOf, isClusterLocal, lookAtWebhook, type Registered } from './checks/connection/webhook.ts';
import { lookAtCopies } from './checks/function/copies.ts';
import { lookAtFunction } from './checks/function/function.ts';
import { lookAtInjections } from './checks/function/injections.ts';
import { lookAtRights } from './checks/function/permissions.ts';
import { lookAtFiles } from './checks/pods/files.ts';
import { podFindings } from './checks/pods/pods.ts';
import { lookAtCaBundle } from './checks/trust/ca-bundle.ts';
import { lookAtCertificates } from './checks/trust/certificates.ts';
import { lookAtServed } from './checks/trust/tls.ts';
import { readNamespaces } from './namespaces.ts';
import { readSelectedPods } from './selected-pods.ts';

/**
 * Walks the chain from the platform to the Pods, and yields what there is to say of each link in turn. Changes nothing,
 * but for the moment of a probe where one is asked for.
 */
export async function* diagnose(
  api: KubernetesApi,
  installation: Installation,
  probing?: Probing,
): AsyncGenerator<LinkFinding, void> {
  const knative = yield* link('knative', [], () => seen('knative', readKnative(api)));
  const ingress = yield* link('ingress', [knative], async () => {
    const network = await readNetwork(api);
    return { findings: [await readIngress(api, network)], found: network };
  });
  const certManager = yield* link('cert-manager', [], () => seen('cert-manager', readCertManager(api)));
  const issuer = yield* link('issuer', [certManager], () => seen('issuer', readIssuer(api)));
  const deployed = yield* link('function', [knative], () => lookAtFunction(api, installation));
  const injections = yield* link('injections', [there(deployed)], (it) => lookAtInjections(api, installation, it));
  yield* link('ensure', [there(deployed), there(injections)], (it, all) => lookAtRights(api, installation, it, all));
  const webhook = yield* link('webhook', [], () => lookAtWebhook(api, installation));
  const way = yield* reached(api, installation, { ingress, issuer, deployed, webhook });
  yield* link('calls', [there(webhook)], (it) => lookAtCalls(api, it));
  if (probing) {
    const needs = [there(webhook), before(deployed), way] as const;
    yield* link('reach', needs, (it) => lookAtReach(api, installation, it, probing));
  }
  yield* asked(api, installation, { ingress, webhook: there(webhook), injections: there(injections) });
  yield* link('copies', [], () => lookAtCopies(api, installation));
}

/** From the API server to the function: whom it calls, what that shows, and what it trusts. */
async function* reached(
  api: KubernetesApi,
  installation: Installation,
  links: { ingress: Link<Network>; issuer: Link<unknown>; deployed: Link<unknown>; webhook: Link<Registered> },
): AsyncGenerator<LinkFinding, Link<true>> {
  const { ingress, issuer, deployed, webhook } = links;
  const { clientConfig } = webhook.found ?? {};
  const isLocal = clientConfig !== undefined && isClusterLocal(clientConfig, installation);
  if (clientConfig?.url && !isLocal) {
    return before(yield* link('caBundle', [webhook], (it) => lookAtCaBundle(api, it)));
  }
  const door = isLocal
    ? yield* link('local TLS', [webhook, ingress], (_, network) => lookAtClusterLocalTls(api, network))
    : yield* link('gateway', [webhook, before(ingress)], (it) => lookAtGateway(api, it));
  // Knative itself makes the host known and its Certificate where the URL is called, and only where it is told to.
  const domain = isLocal
    ? door
    : yield* link('domain', [webhook, before(ingress), before(deployed)], (it) => lookAtDomain(api, installation, it));
  const needs = [webhook, before(issuer), ...(isLocal ? [before(door)] : [])] as const;
  const certificate = yield* link('certificate', needs, (it) => lookAtCertificates(api, installation, it));
  const caBundle = yield* link('caBundle', [webhook, before(certificate)], (it) => lookAtCaBundle(api, it));
  const served = [webhook, door, caBundle, before(domain), before(certificate)] as const;
  return before(
    yield* link('TLS', served, (it, at, trusted) =>
      lookAtServed(api, at[0], { host: hostOf(it.clientConfig), caBundle: trusted }),
    ),
  );
}

/** From the Pods to the API server: whether it asks about them, and what became of those that are there. */
async function* asked(
  api: KubernetesApi,
  installation: Installation,
  links: { ingress: Link<Network>; webhook: Link<Registered>; injections: Link<readonly Injection[]> },
): AsyncGenerator<LinkFinding, void> {
  const { ingress, webhook, injections } = links;
  const namespaces = yield* link('namespaces', [], async () => ({ findings: [], found: await readNamespaces(api) }));
  yield* link('entries', [webhook, injections, namespaces], (it, all, known) =>
    seenAll(entryFindings(it.entries, all, known)),
  );
  yield* link('platform', [webhook, there(ingress), namespaces], (it, network, known) =>
    lookAtPlatform(api, installation, it, { network, namespaces: known }),
  );
  yield* link('timeouts', [webhook, injections], (it, all) => seenAll(timeoutFindings(it, all)));
  yield* link('other webhooks', [webhook, injections], (it, all) => seenAll(neighbourFindings(it, all)));
  const pods = yield* link('Pods', [webhook, injections, namespaces], async (it, all, known) => {
    const found = await readSelectedPods(api, it, all, known);
    return { findings: podFindings(found, all, it.since), found };
  });
  yield* link('files', [injections, there(pods)], (all, selected) => lookAtFiles(api, all, selected));
}

/** One finding; what comes after it can be looked at whatever it is. */
async function seen(name: string, finding: Promise<Finding>): Promise<Seen<true>> {
  return { findings: [await finding.catch((error) => unseen(name, error))], found: true };
}

async function seenAll(findings: Finding[]): Promise<Seen<true>> {
  return { findings, found: true };
}
