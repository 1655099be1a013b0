import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { withDefaults } from '../../function/review/injection.ts';
import { explain } from '../../scripts/explain/explain.ts';
import { subjectsBy } from '../../scripts/explain/target.ts';
import { defaultInstallation } from '../../scripts/install/installation.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { remembering } from '../../scripts/kubernetes/remember.ts';

const owner = (kind: string, name: string) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: name, controller: true }],
});
const replicaSet = (name: string) => ({
  kind: 'ReplicaSet',
  metadata: { name, namespace: 'a', ...owner('Deployment', 'shop') },
});
const injection = withDefaults({
  name: 'hello',
  selector: { matchLabels: { hello: 'true' } },
  volume: { name: 'v', configMap: { name: 'c' } },
  mount: { mountPath: '/a' },
});
const pods = Array.from({ length: 500 }, (_, index) => ({
  metadata: {
    namespace: 'a',
    name: `shop-${index}`,
    labels: { hello: 'true' },
    ...owner('ReplicaSet', `shop-${index % 2}`),
  },
  spec: {
    containers: [{ name: 'app', volumeMounts: [{ name: 'v', mountPath: '/a' }] }],
    volumes: [{ name: 'v', configMap: { name: 'c' } }],
  },
}));
const objects: Record<string, object> = {
  '/apis/apps/v1': {
    resources: ['ReplicaSet', 'Deployment'].map((kind) => ({
      kind,
      name: `${kind.toLowerCase()}s`,
      namespaced: true,
    })),
  },
  '/apis/apps/v1/namespaces/a/replicasets/shop-0': replicaSet('shop-0'),
  '/apis/apps/v1/namespaces/a/replicasets/shop-1': replicaSet('shop-1'),
  '/apis/apps/v1/namespaces/a/deployments/shop': { kind: 'Deployment', metadata: { name: 'shop', namespace: 'a' } },
  '/api/v1/namespaces/a': { metadata: { name: 'a' } },
  '/api/v1/namespaces/a/configmaps/c': { metadata: { name: 'c' } },
  '/api/v1/namespaces/a/pods': { kind: 'PodList', items: pods },
};

describe('explain, of five hundred Pods', () => {
  it('reads what they have in common once, and never all of them at once', async () => {
    const asked: string[] = [];
    let [now, most] = [0, 0];
    const send = async (_: string, path: string) => {
      asked.push(path);
      most = Math.max(most, ++now);
      await turn();
      now--;
      return { object: objects[path.split('?')[0] ?? ''], warnings: [] };
    };
    const api = remembering({ send } as unknown as KubernetesApi);
    const subjects = await subjectsBy(api, 'a', 'hello=true');
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
    const entry = {
      name: 'hello',
      clientConfig: { url: 'https://a/mutate' },
      rules: [rule],
      objectSelector: injection.selector,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
    };
    const known = {
      injections: [injection],
      entries: [entry],
      since: { registered: new Date(0) },
      findings: [],
    };
    const explained = await explain({ api, installation: defaultInstallation }, subjects, 'a', known);
    expect(explained.map(({ title }) => title)).to.deep.equal([
      'Deployment shop, 500 Pods: shop-0, shop-1, shop-2 and 497 more',
    ]);
    expect(asked.toSorted().map((path) => path.split('?')[0])).to.deep.equal(Object.keys(objects).toSorted());
    expect(most).to.equal(1);
  });
});
