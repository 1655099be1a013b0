import { expect } from 'chai';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { describeOnApiServer, helloInjection, refusal } from './cluster.ts';

const pod = {
  metadata: { name: 'app', labels: { hello: 'true' } },
  spec: { containers: [{ name: 'app', image: 'app:1' }] },
};

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
      const { object } = await cluster.createPod(namespace, pod);
      expect(object.metadata.labels).to.deep.equal({ hello: 'true' });
      expect(object.spec?.volumes?.map(({ name }) => name)).not.to.include('hello-volume');
    });

    it(`${title}: under Fail the Pod is refused, and the client is told why`, async () => {
      const namespace = await cluster.namespaceWith(await target(), helloInjection, { failurePolicy: 'Fail' });
      const { status, message } = await refusal(cluster.createPod(namespace, pod));
      expect(status).to.equal(500);
      expect(message).to.match(error);
    });
  }
});
