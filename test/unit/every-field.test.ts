import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { review } from '../../function/review/review.ts';
import { admissionRequest, patchOf } from '../support/admission-review.ts';
import { goModule } from '../support/go-module.ts';
import { applyStrictly } from '../support/json-patch.ts';

describe("Kubernetes' own Pod with every field", () => {
  it('keeps each of them', function () {
    const file = join(goModule(this, 'k8s.io/api@v0.37.2'), 'testdata/HEAD/core.v1.Pod.json');
    const everyField = JSON.parse(readFileSync(file, 'utf8'));
    // As it stands it names an operating system that is none, and has no label of ours.
    const pod = {
      ...everyField,
      metadata: { ...everyField.metadata, labels: { ...everyField.metadata.labels, hello: 'true' } },
    };
    const { response, outcome } = review(admissionRequest(pod), defaultInjections);
    expect(outcome).to.equal('injected');
    const mount = { name: 'hello-volume', mountPath: '/etc/config', readOnly: true };
    const volume = { name: 'hello-volume', configMap: { name: 'hello-configmap' } };
    const mounted = <T extends { volumeMounts: unknown[] }>(containers: T[]) =>
      containers.map((container) => ({ ...container, volumeMounts: [...container.volumeMounts, mount] }));
    expect(applyStrictly(pod, patchOf(response))).to.deep.equal({
      ...pod,
      metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, 'hello-added': 'OK' } },
      spec: {
        ...pod.spec,
        containers: mounted(pod.spec.containers),
        initContainers: mounted(pod.spec.initContainers),
        volumes: [...pod.spec.volumes, volume],
      },
    });
  });
});
