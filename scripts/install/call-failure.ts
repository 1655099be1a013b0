import { commandLine } from '../terminal/command-line.ts';
import { shell } from '../terminal/output.ts';

/** Why the API server could not call a webhook, what to do about it, and where more is said of it. */
export interface CallFailure {
  cause: string;
  fix: string;
  link: string;
}

interface Row extends CallFailure {
  /** What the API server's message holds: the words of its HTTP client, or of the answer it got. */
  says: RegExp;
}

const certManager = 'https://cert-manager.io/docs';
const knative = 'https://knative.dev/docs/serving';
const kubernetes = 'https://kubernetes.io/docs';

/**
 * The first row that fits counts. The words are those of Go's net, net/http, crypto/tls and crypto/x509, of
 * k8s.io/apimachinery (NewGenericServerResponse, for an answer without a Status) and of k8s.io/apiserver
 * (pkg/util/webhook, ServiceResolver); "Address is not allowed" is EKS's, "No agent available" konnectivity's.
 * `{host}` and `{endpoints}` are of the address called.
 */
const rows: readonly Row[] = [
  {
    says: /address is not allowed|no route to host|network is unreachable/i,
    cause:
      "the API server has no route to the gateway's Pods, as on EKS where Pods have an overlay network of their own",
    fix: 'run the gateway with hostNetwork, or give its Pods addresses that the control plane routes to',
    link: `${certManager}/installation/compatibility/#aws-eks`,
  },
  {
    says: /no agent available|failed to get a backend|dial timeout, backstop/i,
    cause: 'the API server calls through konnectivity, which has no agent in the cluster',
    fix: 'kubectl get pods -n kube-system | grep konnectivity-agent',
    link: `${kubernetes}/tasks/extend-kubernetes/setup-konnectivity/`,
  },
  {
    says: /dial tcp .*(i\/o timeout|connection timed out)|while waiting for connection/,
    cause: 'a firewall between the control plane and the nodes, or a NetworkPolicy, drops the call',
    fix: "allow TCP from the control plane to the port of the gateway's Pods (a private GKE cluster lets through 443 and 10250 alone):\n{endpoints}",
    link: `${certManager}/troubleshooting/webhook/#gke-private-cluster`,
  },
  {
    says: /TLS handshake timeout/,
    cause:
      'a connection was made, but nobody answered in TLS: large packets are lost on the way, or the port is not one of TLS',
    fix: "compare the MTU of the nodes with that of the Pods' network, and see which port is called:\n{endpoints}",
    link: `${certManager}/troubleshooting/webhook/#error-nethttp-tls-handshake-timeout`,
  },
  {
    says: /Client\.Timeout exceeded while awaiting headers/,
    cause: 'the function was called, and has not answered in time: it takes too long to start, or cannot be scheduled',
    fix: `kubectl get pods,events -A -l serving.knative.dev/service\n${commandLine('deploy', '--always-warm')}`,
    link: `${knative}/autoscaling/scale-to-zero/`,
  },
  {
    says: /context deadline exceeded|Timeout: request did not complete/,
    cause:
      'no answer within timeoutSeconds: a firewall between the control plane and the nodes drops the call, or the function takes too long to start',
    fix: "allow TCP from the control plane to the port of the gateway's Pods (a private GKE cluster lets through 443 and 10250 alone); where it is allowed, see whether the function's Pods start:\n{endpoints}\nkubectl get pods -A -l serving.knative.dev/service",
    link: `${certManager}/troubleshooting/webhook/#context-deadline-exceeded`,
  },
  {
    says: /no such host|server misbehaving/,
    cause:
      'the API server does not resolve {host}: most API servers use the DNS of their node, not that of the cluster',
    fix: commandLine('deploy', '--reach gateway'),
    link: `${kubernetes}/reference/access-authn-authz/extensible-admission-controllers/#url`,
  },
  {
    says: /connection refused/,
    cause: 'nothing listens where the API server calls: the gateway does not run, or serves no TLS on that port',
    fix: '{endpoints}',
    link: `${kubernetes}/tasks/debug/debug-application/debug-service/`,
  },
  {
    says: /certificate signed by unknown authority|certificate is not trusted/,
    cause: 'the caBundle of the webhook configuration is not of the CA that issued the certificate that is served',
    fix: 'kubectl -n cert-manager logs deployment/cert-manager-cainjector --tail=20',
    link: `${certManager}/concepts/ca-injector/`,
  },
  {
    says: /certificate has expired or is not yet valid/,
    cause: "the certificate that is served has expired, or a clock is wrong: the API server's or cert-manager's",
    fix: 'kubectl get certificates -A',
    link: `${certManager}/troubleshooting/`,
  },
  {
    says: /certificate is (not )?valid for|doesn't contain any IP SANs|legacy Common Name|not valid for any names/,
    cause:
      'the certificate that is served is for another host than {host}: the gateway does not know it, and serves its default',
    fix: 'kubectl get domainmappings,certificates -A',
    link: `${knative}/services/custom-domains/`,
  },
  {
    says: /x509: /,
    cause: 'the API server rejects the certificate that is served',
    fix: 'kubectl get certificates -A',
    link: `${certManager}/troubleshooting/`,
  },
  {
    says: /server gave HTTP response to HTTPS client|first record does not look like a TLS handshake/,
    cause: 'plain HTTP is served where the API server calls by HTTPS',
    fix: "the Service's targetPort has to be the gateway's port for TLS:\n{endpoints}",
    link: `${kubernetes}/reference/access-authn-authz/extensible-admission-controllers/#service-reference`,
  },
  {
    says: /remote error: tls|tls: /,
    cause: 'the gateway breaks off the TLS handshake: it has no certificate for {host}',
    fix: 'kubectl get domainmappings,certificates -A',
    link: `${knative}/services/custom-domains/`,
  },
  {
    says: /service "[^"]*" not found|no service port \S+ found|cannot route to service with ClusterIP/,
    cause: 'the Service that the webhook configuration calls is missing, or not one that an API server can call',
    fix: commandLine('deploy'),
    link: `${kubernetes}/reference/access-authn-authz/extensible-admission-controllers/#service-reference`,
  },
  {
    says: /no endpoints available for service/,
    cause:
      "no Pod of the gateway is ready behind the Service that is called, or its selector is not that of the gateway's Pods",
    fix: '{endpoints}',
    link: `${kubernetes}/tasks/debug/debug-application/debug-service/`,
  },
  {
    says: /could not find the requested resource/,
    cause: 'a 404 of the gateway: it has no route for {host}',
    fix: 'kubectl get domainmappings,ksvc -A',
    link: `${knative}/services/custom-domains/`,
  },
  {
    says: /: not found\b/,
    cause:
      'a 404 of the function: the path that the webhook configuration calls is not served, or its token no longer is',
    fix: commandLine('deploy'),
    link: `${kubernetes}/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook`,
  },
  {
    says: /currently unable to handle the request|Service Unavailable|upstream connect error|Bad Gateway|an error on the server/,
    cause: 'a 502 or 503 of the gateway or the activator: the function does not become ready, or ends while it answers',
    fix: 'kubectl get ksvc,revisions,pods -A -l serving.knative.dev/service\nkubectl -n knative-serving logs deployment/activator --tail=20',
    link: `${knative}/troubleshooting/debugging-application-issues/`,
  },
  {
    says: /\bEOF\b|connection reset by peer|broken pipe|use of closed network connection/,
    cause:
      'the connection was closed while the call was under way: the gateway restarted, or a proxy between keeps connections for a shorter time than the API server',
    fix: 'try again; where it comes back, see whether the gateway restarts:\n{endpoints}',
    link: 'https://github.com/knative/serving/issues/12414',
  },
];

/** What to make of the API server's words for a call of a webhook that failed; undefined where they are of none known. */
export function explainCallFailure(message: string): CallFailure | undefined {
  const row = rows.find(({ says }) => says.test(message));
  if (!row) return undefined;
  const host = /https:\/\/([^/"\s]+)/.exec(message)?.[1]?.replace(/:443$/, '') ?? 'the host';
  const service = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:[:.]|$)/.exec(host);
  const endpoints = service
    ? shell`kubectl get endpointslices -n ${service[2]} -l kubernetes.io/service-name=${service[1]}`
    : 'kubectl get endpointslices -A -l kubernetes.io/service-name=hello-webhook';
  const fill = (text: string) => text.replaceAll('{host}', host).replaceAll('{endpoints}', endpoints);
  return { cause: fill(row.cause), fix: fill(row.fix), link: row.link };
}

/** The same as the fix of a finding: the cause as a comment, what to do, and the link. */
export function fixOfCallFailure(message: string): string | undefined {
  const failure = explainCallFailure(message);
  return failure && `# ${failure.cause}\n${failure.fix}\n# ${failure.link}`;
}
