import { expect } from 'chai';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { helloInjection, helloPod } from '../support/hello-injection.ts';
import { describeOnApiServer, refusal } from './cluster.ts';

describeOnApiServer('on a real API server that cannot call the function', (cluster) => {
  const down = async () => {
    const [port] = await freePorts(1);
    return { url: `https://127.0.0.1:${port}/mutate`, caCert: (await createCertificateAuthority('nobody')).cert };
  };
  const untrusted = async () => {
    const { url } = await cluster.startFunction(helloInjection);
    return { url, caCert: (await createCertificateAuthority('another')).cert };
  };
  const reasons: [title: string, target: () => Promise<{ url: string; caCert: string }>, error: RegExp][] = [
    ['the function is down', down, /failed calling webhook .*connection refused/],
    ['its certificate is not trusted', untrusted, /failed calling webhook .*certificate signed by unknown authority/],
  ];
  for (const [title, target, error] of reasons) {
    it(`${title}: under Ignore the Pod is stored as it was sent`, async () => {
      const namespace = await cluster.namespaceWith(await target(), helloInjection, { failurePolicy: 'Ignore' });
      const { object } = await cluster.createPod(namespace, helloPod);
      expect(object.metadata.labels).to.deep.equal({ hello: 'true' });
      expect(object.spec?.volumes?.map(({ name }) => name)).not.to.include('hello-volume');
    });

    it(`${title}: under Fail the Pod is refused, and the client is told why`, async () => {
      const namespace = await cluster.namespaceWith(await target(), helloInjection, { failurePolicy: 'Fail' });
      const { status, message } = await refusal(cluster.createPod(namespace, helloPod));
      expect(status).to.equal(500);
      expect(message).to.match(error);
    });
  }
});

describeOnApiServer("on a real API server, a Pod's own errors", (cluster) => {
  it('are what its user reads, and no failure of the webhook', async () => {
    const namespace = await cluster.namespaceWith(await cluster.startFunction(helloInjection), helloInjection, {
      failurePolicy: 'Fail',
    });
    const { metadata } = helloPod;
    const invalid: [spec: object, message: RegExp][] = [
      [{}, /spec\.containers: Required value/],
      [{ containers: [] }, /spec\.containers: Required value/],
      [{ containers: [{ image: 'app:1' }] }, /spec\.containers\[0\]\.name: Required value/],
      [
        { containers: [{ name: 'app', image: 'app:1', volumeMounts: [{ name: 'data' }] }] },
        /volumeMounts\[0\]\.mountPath: Required value/,
      ],
      [{ containers: [null] }, /spec\.containers\[0\]\.name: Required value/],
    ];
    for (const [spec, expected] of invalid) {
      const { status, message } = await refusal(cluster.createPod(namespace, { metadata, spec }));
      expect(status, message).to.equal(422);
      expect(message)
        .to.match(expected)
        .and.not.match(/webhook/);
    }
  });

  it('leave to the user the words in which the function refuses a call', async () => {
    const target = await cluster.startFunction(helloInjection);
    const elsewhere = { ...target, url: new URL('/elsewhere', target.url).href };
    const namespace = await cluster.namespaceWith(elsewhere, helloInjection, { failurePolicy: 'Fail' });
    const { message } = await refusal(cluster.createPod(namespace, helloPod));
    expect(message).to.match(/failed calling webhook .*: not found: AdmissionReviews go to \/mutate/);
  });
});
