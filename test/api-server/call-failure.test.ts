import { expect } from 'chai';
import { explainCallFailure } from '../../scripts/install/call-failure.ts';
import { helloInjection, helloPod } from '../support/hello-injection.ts';
import { describeOnApiServer, refusal } from './cluster.ts';
import { FaultyServers, type Target } from './faulty-servers.ts';

/** What is broken, and how the cause begins that its user reads. */
const cases: [title: string, target: (servers: FaultyServers) => Promise<Target>, cause: RegExp][] = [
  ['nothing listens', (servers) => servers.nobody(), /^nothing listens/],
  [
    'the name is unknown',
    async (servers) => ({ ...(await servers.nobody()), url: 'https://nowhere.invalid/mutate' }),
    /^the API server does not resolve nowhere\.invalid/,
  ],
  [
    'the certificate is of another CA',
    (servers) => servers.answering(200, { ca: 'another' }),
    /^the caBundle .* is not of the CA/,
  ],
  ['the certificate has expired', (servers) => servers.expired(), /^the certificate that is served has expired/],
  [
    'the certificate is for another host',
    (servers) => servers.answering(200, { hosts: ['a.example'] }),
    /is for another host than 127\.0\.0\.1:\d+:/,
  ],
  ['plain HTTP is served', (servers) => servers.plain(), /^plain HTTP/],
  [
    'no certificate is served',
    (servers) => servers.answering(200, { hosts: [] }),
    /^the certificate that is served is for another host/,
  ],
  ['the connection is closed', (servers) => servers.closing(), /^the connection was closed/],
  [
    'nobody answers',
    (servers) => servers.silent(),
    /^(no answer within timeoutSeconds|the function was called, and has not answered)/,
  ],
  ['the handshake is not answered', (servers) => servers.mute(), /^no answer within timeoutSeconds/],
  ['the gateway has no route', (servers) => servers.answering(404), /^a 404 of the gateway/],
  ['the gateway cannot reach the function', (servers) => servers.answering(503), /^a 502 or 503/],
  [
    'the function ends while it answers',
    (servers) => servers.answering(502, { text: 'upstream connect error' }),
    /^a 502 or 503/,
  ],
  ['the Service is missing', (servers) => servers.service(), /^the Service .* is missing/],
];

describeOnApiServer('what the API server says of a call that failed is explained where', (cluster) => {
  const servers = new FaultyServers();
  after(() => servers.close());

  for (const [title, target, cause] of cases) {
    it(title, async () => {
      const { overrides, ...called } = await target(servers);
      const namespace = await cluster.namespaceWith(called, helloInjection, {
        failurePolicy: 'Fail',
        timeoutSeconds: 1,
        ...overrides,
      });
      const { message } = await refusal(cluster.createPod(namespace, helloPod));
      expect(explainCallFailure(message)?.cause, message).to.match(cause);
    });
  }

  it('the path is none that the function serves', async () => {
    const target = await cluster.startFunction(helloInjection);
    const elsewhere = { ...target, url: new URL('/elsewhere', target.url).href };
    const namespace = await cluster.namespaceWith(elsewhere, helloInjection, { failurePolicy: 'Fail' });
    const { message } = await refusal(cluster.createPod(namespace, helloPod));
    expect(explainCallFailure(message)?.cause, message).to.match(/^a 404 of the function/);
  });
});
