import { expect } from 'chai';
import { appliedBy } from '../../scripts/install/applied-by.ts';
import { fieldManager } from '../../scripts/install/installation.ts';

const lastApplied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };

describe('who but deploy applies an object', () => {
  for (const [expected, title, ...writers] of [
    [
      undefined,
      'nobody, where deploy has written it and cainjector the caBundle',
      `Update ${fieldManager}`,
      'Apply cert-manager-cainjector',
    ],
    [
      undefined,
      'nobody, where a person has edited it',
      `Apply ${fieldManager}`,
      'Update kubectl-edit',
      'Update kubectl-create',
    ],
    [
      'kubectl apply',
      'kubectl, of which fields stay after deploy',
      'Update kubectl-client-side-apply',
      `Update ${fieldManager}`,
    ],
    ['kubectl apply', 'kubectl, on the server', 'Apply kubectl'],
    ['argocd-controller', 'Argo CD, on the client', 'Update argocd-controller'],
    ['kustomize-controller', 'Flux', `Update ${fieldManager}`, 'Apply kustomize-controller'],
  ]) {
    it(title ?? '', () => {
      const managedFields = writers.map((writer) => {
        const [operation = '', manager = ''] = (writer ?? '').split(' ');
        return { operation, manager };
      });
      expect(appliedBy({ metadata: { managedFields } })).to.equal(expected);
    });
  }

  it('kubectl, by the annotation that it leaves', () => {
    expect(appliedBy({ metadata: { annotations: lastApplied } })).to.equal('kubectl apply');
  });
});
