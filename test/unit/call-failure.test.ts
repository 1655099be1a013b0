import { expect } from 'chai';
import { explainCallFailure } from '../../scripts/install/call-failure.ts';

const call =
  'Internal error occurred: failed calling webhook "hello.hello-webhook.hello-system.svc": failed to call webhook:';
const post = `${call} Post "https://hello-webhook.kourier-system.svc:443/mutate?timeout=15s":`;

/** Words that no API server on a machine of its own says; those that it does are in test/api-server/call-failure.test.ts. */
const cases: [words: string, cause: RegExp, fix: RegExp][] = [
  [
    `${post} dial tcp 10.0.0.69:8443: i/o timeout`,
    /^a firewall/,
    /allow TCP .*GKE.*\nkubectl get endpointslices -n kourier-system -l kubernetes\.io\/service-name=hello-webhook/,
  ],
  [
    `${post} net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`,
    /^a firewall/,
    /allow TCP/,
  ],
  [`${post} context deadline exceeded`, /^no answer within timeoutSeconds: a firewall/, /allow TCP/],
  [
    `${post} context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    /^the function was called/,
    /--always-warm/,
  ],
  [`${post} Address is not allowed`, /^the API server has no route .* EKS/, /hostNetwork/],
  [`${post} dial tcp 10.0.0.69:8443: connect: no route to host`, /^the API server has no route/, /hostNetwork/],
  [`${post} No agent available`, /konnectivity/, /konnectivity-agent/],
  [`${post} net/http: TLS handshake timeout`, /nobody answered in TLS/, /MTU/],
  [
    `${post} remote error: tls: unrecognized name`,
    /no certificate for hello-webhook\.kourier-system\.svc$/,
    /domainmappings/,
  ],
  [
    `${call} Post "https://10.0.0.1/mutate?timeout=15s": tls: failed to verify certificate: x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs`,
    /for another host than 10\.0\.0\.1/,
    /domainmappings/,
  ],
  [
    `${post} tls: failed to verify certificate: x509: certificate is not authorized to sign other certificates`,
    /^the API server rejects the certificate/,
    /certificates/,
  ],
  [`${call} no endpoints available for service "hello-webhook"`, /^no Pod of the gateway is ready/, /endpointslices/],
  [
    `${call} cannot route to service with ClusterIP "None"`,
    /^the Service .* not one that an API server can call/,
    /npm run deploy/,
  ],
  [`${call} the server is currently unable to handle the request`, /^a 502 or 503/, /activator/],
  [`${post} EOF`, /^the connection was closed/, /endpointslices/],
];

describe('what the API server says of a call that failed', () => {
  for (const [words, cause, fix] of cases) {
    it(`is explained: ${words.slice(words.indexOf('": ') + 3 || call.length)}`, () => {
      const failure = explainCallFailure(words);
      expect(failure?.cause).to.match(cause);
      expect(failure?.fix).to.match(fix);
      expect(failure?.link).to.match(/^https:\/\//);
      expect(JSON.stringify(failure)).not.to.match(/[{]host|[{]endpoints/);
    });
  }

  it('is left as it is where it is of another kind', () => {
    expect(explainCallFailure('admission webhook "x" denied the request: taken')).to.equal(undefined);
  });
});
