import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { checkOverlay } from '../../scripts/install/check-overlay.ts';
import { describeOutside, entries, kustomized, OutsideFolder, webhooks } from '../support/overlay.ts';

const settings = 'set name and namespace in ConfigMap hello-webhook-settings, by a `configMapGenerator` that merges';

describeOutside('an overlay outside the tree', (outside) => {
  beforeEach(() => outside.folder.writeOverlay());

  /** What is said of the folder, or kustomize's own words. */
  const problems = () => checkOverlay(outside.folder.path).catch(({ message }: Error) => message);
  const kustomization = (own: object) => outside.folder.writeOverlay(own);

  it('has no problem where all is said', async () => {
    expect(await problems()).to.deep.equal([]);
  });

  it('is refused by kustomize without entries, and with the transformers of another way', async () => {
    kustomization({ patches: [] });
    expect(await problems()).to.contain('webhooks.*');
    kustomization({ transformers: [outside.folder.manifest('transformers/cluster-local-url')] });
    expect(await problems()).to.contain('hello-webhook-host');
  });

  it('is refused by kustomize with values or components that come after the transformers', async () => {
    const above = new OutsideFolder(outside.cleanup);
    const resources = [`../${outside.folder.path.split('/').at(-1)}`];
    const wrong = [
      { configMapGenerator: [{ name: 'hello-webhook-settings', behavior: 'merge', literals: ['name=late'] }] },
      {
        patches: [
          {
            patch: JSON.stringify({
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'hello-webhook-settings' },
            }),
          },
        ],
      },
      { components: [above.manifest('components/fail-closed')] },
    ];
    for (const own of wrong) {
      above.write('kustomization.yaml', { resources, ...own });
      expect(await checkOverlay(above.path).catch(({ message }: Error) => message))
        .to.be.a('string')
        .and.match(/hello-webhook-(settings|entry)/);
    }
  });

  it('without transformers', async () => {
    kustomization({ transformers: [] });
    expect(await problems()).to.deep.equal([
      'webhooks entry company-ca has a selector only: `transformers` needs manifests/transformers/gateway, or cluster-local-url for that way',
    ]);
  });

  it('with a patch of the settings above the overlay that has put them in place', async () => {
    const above = new OutsideFolder(outside.cleanup);
    above.write('settings.yaml', [{ op: 'replace', path: '/data/name', value: 'late' }]);
    above.write('kustomization.yaml', {
      resources: [`../${outside.folder.path.split('/').at(-1)}`],
      patches: [{ path: 'settings.yaml', target: { kind: 'ConfigMap', name: 'hello-webhook-settings' } }],
    });
    expect(await checkOverlay(above.path)).to.deep.equal([
      'the patch of ConfigMap hello-webhook-settings has no effect, since an overlay below has put its values in place: change them there, or move `transformers` up here',
    ]);
  });

  it('has no problem with a patch of the settings beside the transformers, which sets the names', async () => {
    kustomization({
      configMapGenerator: [{ name: 'hello-webhook-injections', behavior: 'merge', files: ['injections.yaml'] }],
      patches: [
        ...outside.folder.patches,
        {
          target: { kind: 'ConfigMap', name: 'hello-webhook-settings' },
          patch: JSON.stringify([{ op: 'replace', path: '/data/namespace', value: 'mine' }]),
        },
      ],
    });
    expect(await problems()).to.deep.equal([]);
    const [account] = (await kustomized(outside.folder.path)).filter(({ kind }) => kind === 'ServiceAccount');
    expect(account?.metadata.namespace).to.equal('mine');
  });

  for (const [other, ...literals] of [
    ['123', 'name=file-injector', 'namespace=123'],
    ['true', 'name=true', 'namespace=platform-hooks'],
  ]) {
    it(`with a name that YAML reads as another value: ${other}`, async () => {
      kustomization({
        configMapGenerator: [
          { name: 'hello-webhook-settings', behavior: 'merge', literals },
          { name: 'hello-webhook-injections', behavior: 'merge', files: ['injections.yaml'] },
        ],
      });
      expect(await problems()).to.deep.equal([
        `YAML does not read ${other} as text, and kustomize does not quote it everywhere: choose another name, and ${settings}`,
      ]);
    });
  }

  it('with an image that matches nothing, and without one', async () => {
    const placeholder =
      "the function's image is still the placeholder hello-webhook: `images` needs an entry with `name: hello-webhook`";
    kustomization({ images: [{ name: 'ko.local/hello-webhook', newName: 'mine' }] });
    expect(await problems()).to.deep.equal([`${placeholder} (ko.local/hello-webhook matches nothing)`]);
    kustomization({ images: [] });
    expect(await problems()).to.deep.equal([placeholder]);
  });

  for (const own of [{ namespace: 'mine' }, { namePrefix: 'my-' }, { nameSuffix: '-mine' }]) {
    const [field = ''] = Object.keys(own);
    it(`with kustomize's own ${field}`, async () => {
      kustomization(own);
      expect((await problems())[0]).to.equal(
        `\`${field}\` does not reach URLs, hosts and certificates: leave it out, and ${settings}`,
      );
    });
  }

  it('whose namespace was changed above it', async () => {
    const above = new OutsideFolder(outside.cleanup);
    above.write('kustomization.yaml', {
      resources: [`../${outside.folder.path.split('/').at(-1)}`],
      namespace: 'mine',
    });
    expect(await checkOverlay(above.path)).to.deep.include(
      `ServiceAccount file-injector in platform-hooks is not found among the objects of file-injector.platform-hooks: ${settings}`,
    );
  });

  it('without an entry for an injection, and with one for none', async () => {
    outside.folder.write(
      'webhooks.yaml',
      webhooks([entries[0] ?? {}, { name: 'old', objectSelector: { matchLabels: { old: 'true' } } }]),
    );
    expect(await problems()).to.deep.equal([
      'injection scratch has no webhooks entry, so the API server never calls the function for its Pods: add {"name":"scratch","objectSelector":{"matchExpressions":[{"key":"scratch","operator":"Exists"}]}} to webhooks.yaml',
      'no injection needs webhooks entry old.file-injector.platform-hooks.svc: remove it from webhooks.yaml',
    ]);
  });

  it('has no problem with an entry that covers more than its injections need', async () => {
    const both = { matchExpressions: [{ key: 'company-ca', operator: 'Exists' }] };
    outside.folder.write('webhooks.yaml', webhooks([{ name: 'company-ca', objectSelector: both }, entries[1] ?? {}]));
    expect(await problems()).to.deep.equal([]);
  });

  it('without injections, and with invalid ones', async () => {
    kustomization({ configMapGenerator: [] });
    expect(await problems()).to.deep.equal([
      'there are no injections: `configMapGenerator` has to merge your injections.yaml into ConfigMap hello-webhook-injections',
    ]);
    kustomization({});
    outside.folder.write('injections.yaml', { injections: [{ name: 'a' }] });
    expect((await problems())[0]).to.match(/^injections\.yaml:\d+:\d+: injections\[0\]/);
  });

  it('whose permissions are not those of `ensure`', async () => {
    kustomization({ components: [], patches: [{ path: 'webhooks.yaml' }] });
    expect(await problems()).to.deep.equal([
      'the function has no permission to copy company-ca (`ensure`): `components` needs manifests/components/ensure',
    ]);
    kustomization({ patches: [{ path: 'webhooks.yaml' }] });
    expect(await problems()).to.deep.equal([
      'ClusterRole file-injector:ensure permits CONFIGMAPS, but the injections with `ensure` are of company-ca: patch its `resourceNames`',
    ]);
  });

  it('is checked by a command, whose exit status is 1 where something was forgotten', () => {
    const check = () =>
      spawnSync(process.execPath, ['scripts/hello-webhook.ts', 'check', outside.folder.path], { encoding: 'utf8' });
    expect(check()).to.deep.include({
      status: 0,
      stdout: `${outside.folder.path}: an overlay, no problem\n`,
      stderr: '',
    });
    kustomization({ images: [] });
    const { status, stderr } = check();
    expect(status).to.equal(1);
    expect(stderr).to.match(/^\S+: the function's image is still the placeholder/);
  });

  it('that uses nothing of ours', async () => {
    kustomization({
      resources: [],
      components: [],
      patches: [],
      configMapGenerator: [{ name: 'a' }],
      transformers: [],
    });
    expect(await problems()).to.deep.equal([
      'no webhook configuration of hello-webhook: `resources` needs one of manifests/overlays',
    ]);
  });
});
