import { readFileSync } from 'node:fs';
import type { V1PodSpec } from '@kubernetes/client-node';
import { expect } from 'chai';
import { parse } from 'yaml';

/** The function is described twice: for func, which takes no manifest, and for all others. */
describe('func.yaml', () => {
  const func = readYaml('func.yaml') as FuncYaml;
  const service = readYaml('manifests/base/service.yaml') as KnativeService;
  const { metadata: template, spec } = service.spec.template;
  const [container] = spec.containers;

  it('makes the Knative Service of the manifests, as far as func can', () => {
    const { requests, limits } = func.deploy.options.resources;
    const { min, max, target } = func.deploy.options.scale;
    expect({
      metadata: {
        name: func.name,
        namespace: func.namespace,
        labels: Object.fromEntries(func.deploy.labels.map(({ key, value }) => [key, value])),
      },
      scale: [min, max, target].map(String),
      serviceAccountName: func.deploy.serviceAccountName,
      env: func.run.envs,
      probes: [func.deploy.healthEndpoints.liveness, func.deploy.healthEndpoints.readiness],
      resources: { requests, limits },
      volumes: func.run.volumes,
    }).to.deep.equal({
      metadata: service.metadata,
      scale: ['min-scale', 'max-scale', 'target'].map(
        (name) => template.annotations[`autoscaling.knative.dev/${name}`],
      ),
      serviceAccountName: spec.serviceAccountName,
      env: container?.env,
      probes: [container?.livenessProbe?.httpGet?.path, container?.readinessProbe?.httpGet?.path],
      resources: container?.resources,
      // func knows no optional Secret.
      volumes: spec.volumes
        ?.filter(({ secret }) => !secret?.optional)
        .map(({ name, configMap }) => ({
          configMap: configMap?.name,
          path: container?.volumeMounts?.find((mount) => mount.name === name)?.mountPath,
        })),
    });
  });

  it('deploys to Knative, and leaves nothing to the func operator', () => {
    expect(func).to.deep.include({ deployer: 'knative' });
    expect(func.deploy).to.deep.include({ managementDisabled: true });
  });

  it('makes the code cache after the bundle that it is of', () => {
    const { value } = func.build.buildEnvs.find(({ name }) => name === 'BP_NODE_RUN_SCRIPTS') ?? {};
    expect(value).to.equal('build,code-cache');
  });

  it('builds with the Node that everything runs on, by scripts that there are', () => {
    const env = Object.fromEntries(func.build.buildEnvs.map(({ name, value }) => [name, value]));
    expect(env.BP_NODE_VERSION).to.equal(`${readFileSync('.nvmrc', 'utf8').trim()}.*`);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(scripts).to.include.keys('start', ...(env.BP_NODE_RUN_SCRIPTS?.split(',') ?? []));
  });
});

function readYaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'));
}

interface FuncYaml {
  deployer: string;
  name: string;
  namespace: string;
  build: { buildEnvs: { name: string; value: string }[] };
  run: { envs: object[]; volumes: object[] };
  deploy: {
    managementDisabled: boolean;
    labels: { key: string; value: string }[];
    serviceAccountName: string;
    healthEndpoints: { liveness: string; readiness: string };
    options: {
      scale: { min: number; max: number; target: number };
      resources: { requests: object; limits: object };
    };
  };
}

interface KnativeService {
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: { template: { metadata: { annotations: Record<string, string> }; spec: V1PodSpec } };
}
