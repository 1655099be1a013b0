import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkOverlay } from '../../scripts/install/check-overlay.ts';
import { meaningOf, refusalIn } from '../../scripts/install/kustomize-refusal.ts';
import { describeOutside, entries, injections, kustomized, OutsideFolder, webhooks } from '../support/overlay.ts';

const settings = 'set name and namespace in ConfigMap hello-webhook-settings, by a `configMapGenerator` that merges';

describeOutside('an overlay outside the tree', (outside) => {
  beforeEach(() => outside.folder.writeOverlay());

  /** What is said of the folder, or kustomize's own words. */
  const problemsIn = (directory: string) =>
    checkOverlay(directory).then(
      ({ problems }) => problems,
      ({ message }: Error) => message,
    );
  const problems = () => problemsIn(outside.folder.path);
  const kustomization = (own: object) => outside.folder.writeOverlay(own);

  it('has no problem where all is said', async () => {
    expect(await problems()).to.deep.equal([]);
  });

  for (const [title, own, meaning, words] of [
    [
      'without entries',
      () => ({ patches: [] }),
      'no webhooks entries: `patches` needs `- path: webhooks.yaml`, with an entry for each distinct selector of the injections',
      'unable to find or create field "webhooks.*',
    ],
    [
      'with the transformers of another way',
      () => ({ transformers: [outside.folder.manifest('transformers/cluster-local-url')] }),
      '`transformers` has manifests/transformers/cluster-local-url, but `resources` another way: take manifests/transformers/gateway',
      'nothing selected by ConfigMap.[noVer].[noGrp]/hello-webhook-host',
    ],
    [
      'with the transformers of a gateway for the URL',
      () => ({ resources: [outside.folder.manifest('overlays/cluster-local-url')] }),
      '`transformers` has manifests/transformers/gateway, but `resources` another way: take manifests/transformers/cluster-local-url',
      'nothing selected by ConfigMap.[noVer].[noGrp]/hello-webhook-gateway',
    ],
    [
      'with settings that replace',
      () => ({
        configMapGenerator: [
          { name: 'hello-webhook-settings', behavior: 'replace', literals: ['name=a', 'namespace=b'] },
        ],
      }),
      'ConfigMap hello-webhook-settings or hello-webhook-gateway lacks a value: `configMapGenerator` needs `behavior: merge` for it, since `replace` drops what it does not say',
      'fieldPath `data.path` is missing',
    ],
    [
      'with settings that neither merge nor replace',
      () => ({ configMapGenerator: [{ name: 'hello-webhook-settings', literals: ['name=a', 'namespace=b'] }] }),
      '`configMapGenerator` needs `behavior: merge` for the ConfigMaps of hello-webhook, which the manifests have already',
      'behavior must be merge or replace',
    ],
  ] as const) {
    it(`is refused by kustomize ${title}: what that means, and its own words`, async () => {
      kustomization(own());
      const [first = '', second = ''] = String(await problems()).split('\n');
      expect(first).to.equal(`${outside.folder.path}: ${meaning}`);
      expect(second)
        .to.match(/^kustomize: /)
        .and.contain(words);
    });
  }

  it("is refused by kustomize with the installation's own name in webhooks.yaml", async () => {
    outside.folder.write('webhooks.yaml', { ...webhooks(entries), metadata: { name: 'file-injector' } });
    const said = String(await problems());
    expect(said).to.contain(
      ': a patch names another MutatingWebhookConfiguration: in webhooks.yaml `metadata.name` is hello-webhook',
    );
    expect(said).to.contain('\nkustomize: no resource matches strategic merge patch "MutatingWebhookConfiguration.');
  });

  it('knows the example that nobody has changed, and a version that is not there, by what git says', () => {
    const refused = (words: string) =>
      refusalIn(`E1125 17:56:50.315919   10916 run.go:72] "command failed" err="${words}"\n`);
    const example = refused(
      "accumulating resources: failed to run '/usr/bin/git fetch --depth=1 https://github.com/example/hello-webhook v0.1.0': fatal: could not read Username\\n: exit status 128",
    );
    expect(example).to.match(/^accumulating resources: .*Username\n: exit status 128$/);
    expect(meaningOf(example)).to.match(/^put the address of your copy of this repository in the place of /);
    expect(meaningOf(refused("fatal: couldn't find remote ref v9"))).to.match(/^`\?ref=` names a version/);
    expect(meaningOf(refused('something else'))).to.equal(undefined);
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
      expect(await problemsIn(above.path))
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
    expect(await problemsIn(above.path)).to.deep.equal([
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

  for (const [title, own, field] of [
    ['commonLabels', { commonLabels: { team: 'x' } }, 'commonLabels'],
    ['labels in selectors', { labels: [{ pairs: { team: 'x' }, includeSelectors: true }] }, 'labels.includeSelectors'],
  ] as const) {
    it(`with ${title}`, async () => {
      kustomization(own);
      expect(await problems()).to.deep.equal([
        `\`${field}\` goes into selectors, too: the API server refuses the Knative Service, and the gateway's Service selects nothing; use \`labels\` without \`includeSelectors\``,
      ]);
    });
  }

  it('has no problem with labels alone', async () => {
    kustomization({ labels: [{ pairs: { team: 'x' } }] });
    expect(await problems()).to.deep.equal([]);
  });

  it('with a tag for a digest, and a digest for a tag', async () => {
    kustomization({ images: [{ name: 'hello-webhook', newName: 'mine', digest: 'v0.1.0' }] });
    expect(await problems()).to.deep.equal([
      '`images`: digest v0.1.0 is not sha256: and 64 hexadecimal digits; a tag is `newTag`',
    ]);
    kustomization({ images: [{ name: 'hello-webhook', newName: 'mine', newTag: 'sha256:abc' }] });
    expect(await problems()).to.deep.equal(['`images`: newTag sha256:abc is not a tag; a digest is `digest`']);
  });

  it('with injections that are no new revision', async () => {
    kustomization({ generatorOptions: { disableNameSuffixHash: true } });
    expect(await problems()).to.deep.equal([
      '`disableNameSuffixHash` keeps changed injections from being a new revision, which the function needs: leave it out for ConfigMap hello-webhook-injections',
    ]);
  });

  const token = 'swordfish'.repeat(8);
  const generating = (settings: object) => ({
    configMapGenerator: [
      { name: 'hello-webhook-settings', behavior: 'merge', ...settings },
      { name: 'hello-webhook-injections', behavior: 'merge', files: ['injections.yaml'] },
    ],
  });

  it('with a key that the settings do not have', async () => {
    kustomization(generating({ literals: ['name=file-injector', 'namepsace=platform-hooks'] }));
    expect(await problems()).to.deep.equal([
      'ConfigMap hello-webhook-settings has no key namepsace: its keys are name, namespace, path',
    ]);
  });

  for (const path of [token, `/mutate/${token}`, '/mutate', 'mutate/abc', 'mutate/']) {
    it(`with a path that no function serves, which is not shown: ${path.slice(0, 12)}`, async () => {
      writeFileSync(join(outside.folder.path, 'caller-token.env'), `# the token\npath=${path}\n`);
      for (const settings of [{ literals: [`path=${path}`] }, { envs: ['caller-token.env'] }]) {
        kustomization(generating(settings));
        expect(await problems()).to.deep.equal([
          '`path` of ConfigMap hello-webhook-settings must be mutate/TOKEN, without a / before it, and TOKEN 32 to 128 lower-case letters, digits and -',
        ]);
      }
    });
  }

  it('has no problem with a token, in a file of its own, and none with its quotes', async () => {
    writeFileSync(join(outside.folder.path, 'caller-token.env'), `path=mutate/${token}\n`);
    kustomization(generating({ envs: ['caller-token.env'] }));
    expect(await problems()).to.deep.equal([]);
    kustomization(generating({ literals: [`path="mutate/${token}"`] }));
    expect(await problems()).to.deep.equal([]);
  });

  it('with fields of an entry that the transformers write over', async () => {
    const [first = {}, second = {}] = entries;
    outside.folder.write(
      'webhooks.yaml',
      webhooks([
        { ...first, failurePolicy: 'Fail', sideEffects: 'NoneOnDryRun' },
        { ...second, timeoutSeconds: 5 },
      ]),
    );
    expect(await problems()).to.deep.equal([
      'failurePolicy of webhooks entry company-ca has no effect: `components` takes manifests/components/fail-closed for Fail, of all entries',
      'timeoutSeconds of webhooks entry scratch has no effect: patch MutatingWebhookConfiguration hello-webhook-entry, for all entries',
    ]);
  });

  it('with an entry that selects every Pod', async () => {
    outside.folder.write('webhooks.yaml', webhooks([...entries, { name: 'extra' }]));
    expect(await problems()).to.deep.equal([
      'webhooks entry extra.file-injector.platform-hooks.svc selects every Pod of the cluster: give it the objectSelector of its injections, or remove it from webhooks.yaml',
    ]);
  });

  it('warns of an entry for all namespaces whose injections name theirs', async () => {
    const [first, second] = injections.injections;
    const namespaces = { include: ['team-a', 'team-b'] };
    outside.folder.write('injections.yaml', { injections: [{ ...first, namespaces }, second] });
    const namespaceSelector = {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces.include }],
    };
    expect(await checkOverlay(outside.folder.path)).to.deep.equal({
      problems: [],
      warnings: [
        `webhooks entry company-ca.file-injector.platform-hooks.svc calls the function for nothing in other namespaces than those of its injections: add "namespaceSelector": ${JSON.stringify(namespaceSelector)} to it`,
      ],
    });
    outside.folder.write('webhooks.yaml', webhooks([{ ...entries[0], namespaceSelector }, entries[1] ?? {}]));
    expect(await checkOverlay(outside.folder.path)).to.deep.equal({ problems: [], warnings: [] });
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
    expect(await problemsIn(above.path)).to.deep.include(
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
