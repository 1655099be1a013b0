import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { inject } from '../../function/review/inject.ts';
import { type DeclaredInjection, withDefaults } from '../../function/review/injection.ts';
import { hasEarlierFiles } from '../../scripts/doctor/earlier-files.ts';

const hello = {
  name: 'hello',
  selector: { matchLabels: { hello: 'true' } },
  volume: { name: 'v', configMap: { name: 'c' } },
  mount: { mountPath: '/etc/config' },
};
const bare: V1Pod = { metadata: { labels: { hello: 'true' } }, spec: { containers: [{ name: 'app' }] } };

describe('a Pod with an earlier version of an injection', () => {
  const { volume: _, mount: __, ...bareHello } = hello;
  const variable = (value: string) => ({ ...bareHello, env: [{ name: 'A', value }] });
  const files = (text: string) => ({ ...bareHello, files: { a: text }, mount: { mountPath: '/a' } });
  const changes: [what: string, former: DeclaredInjection, present: DeclaredInjection][] = [
    ['path', { ...hello, mount: { mountPath: '/former' } }, hello],
    ['ConfigMap', { ...hello, volume: { name: 'v', configMap: { name: 'former' } } }, hello],
    ['variable', variable('former'), variable('present')],
    ['text of files', files('former'), files('present')],
  ];
  for (const [what, former, present] of changes) {
    const [earlier, own] = [[withDefaults(former)], [withDefaults(present)]];

    it(`is known where the ${what} was another`, () => {
      expect(hasEarlierFiles(inject(bare, earlier).pod, own, earlier)).to.equal(true);
    });

    it(`is none that has the present ${what}, or neither`, () => {
      expect(hasEarlierFiles(inject(bare, own).pod, own, earlier)).to.equal(false);
      expect(hasEarlierFiles(bare, own, earlier)).to.equal(false);
    });
  }

  it('is none where something was in the way of the present one, where another has been left, or where it opts out', () => {
    const former = withDefaults(hello);
    const present = withDefaults({ ...bareHello, volume: hello.volume, mounts: [hello.mount, { mountPath: '/more' }] });
    const ownMore: V1Pod = {
      ...bare,
      spec: {
        containers: [{ name: 'app', volumeMounts: [{ name: 'own', mountPath: '/more' }] }],
        volumes: [{ name: 'own', emptyDir: {} }],
      },
    };
    const { pod } = inject(ownMore, [present]);
    expect(pod.metadata?.annotations).to.deep.equal({
      'hello-webhook/skipped': 'hello: container app: /more is taken by volume own',
    });
    expect(hasEarlierFiles(pod, [present], [former])).to.equal(false);
    expect(hasEarlierFiles(inject(bare, [former]).pod, [present], [former])).to.equal(true);
    expect(hasEarlierFiles(inject(bare, [former]).pod, [{ ...present, name: 'other' }], [former])).to.equal(false);
    const optedOut = inject({ ...bare, metadata: { annotations: {} } }, [former]).pod;
    optedOut.metadata = { annotations: { 'hello-webhook/inject': 'false' } };
    expect(hasEarlierFiles(optedOut, [present], [former])).to.equal(false);
  });
});
