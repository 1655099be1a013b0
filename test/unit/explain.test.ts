import { expect } from 'chai';
import { parseTarget } from '../../scripts/explain/target.ts';
import { labelChanges, templatePatch } from '../../scripts/workloads/pod-template-labels.ts';

describe('explain', () => {
  it('takes a target as kubectl does, by the names that it has for a kind', () => {
    const kindOf = (text: string) => parseTarget(text)?.kind;
    expect(['pod/a', 'po/a', 'deploy/a', 'Deployments/a', 'cj/a', 'rc/a'].map(kindOf)).to.deep.equal([
      'Pod',
      'Pod',
      'Deployment',
      'Deployment',
      'CronJob',
      'ReplicationController',
    ]);
    expect(['deployment.apps/a', 'deployments.v1.apps/a', 'cronjob.batch/a'].map(kindOf)).to.deep.equal([
      'Deployment',
      'Deployment',
      'CronJob',
    ]);
    const none = ['shop', 'pod/', 'pod/a/b', 'service/a', 'constructor/a', 'deployment.batch/a'];
    expect(none.map(kindOf)).to.deep.equal(none.map(() => undefined));
  });

  it('says which labels a selector takes: those that stand elsewhere already, or else ones that it selects', () => {
    const selector = {
      matchLabels: { hello: 'true', app: 'shop' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['web', 'db'] },
        { key: 'zone', operator: 'Exists' },
        { key: 'legacy', operator: 'DoesNotExist' },
        { key: 'env', operator: 'NotIn', values: ['test'] },
      ],
    };
    const labels = { app: 'shop', legacy: '1', env: 'test' };
    const removed = { legacy: null, env: null };
    expect(labelChanges(selector, labels)).to.deep.equal({ hello: 'true', tier: 'web', zone: 'true', ...removed });
    const preferred = { hello: 'true', tier: 'db', zone: 'a' };
    expect(labelChanges(selector, labels, preferred)).to.deep.equal({ ...preferred, ...removed });
    expect(labelChanges({ matchLabels: { app: 'shop' } }, labels)).to.deep.equal({});
  });

  it('patches the Pod template of each kind where it is; that of a Job cannot be', () => {
    const template = { spec: { containers: [{ name: 'app' }] } };
    const metadata = { namespace: 'team-a', name: 'shop' };
    const labels = { hello: 'true' };
    const cronJob = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: { jobTemplate: { spec: { template } } },
    };
    expect(templatePatch(cronJob, { labels })).to.equal(
      `kubectl -n team-a patch cronjob shop --type merge -p '{"spec":{"jobTemplate":{"spec":{"template":{"metadata":{"labels":{"hello":"true"}}}}}}}'`,
    );
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } };
    expect(templatePatch(job, { labels })).to.match(/^kubectl -n team-a delete job shop # and create it again, with /);
  });
});
