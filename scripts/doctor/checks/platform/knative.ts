import type { V1Deployment } from '@kubernetes/client-node';
import { list, read } from '../../../kubernetes/read.ts';
import { broken } from '../../../terminal/finding.ts';
import { check } from '../../check.ts';
import { deploymentsFinding } from '../../deployments.ts';

const namespace = 'knative-serving';
const fix = 'install Knative Serving: https://knative.dev/docs/install/';

/** Knative Serving: its API, and its controllers. */
export const knative = check('knative', 'Knative', [], async ({ api }) => {
  if (!(await read(api, '/apis/serving.knative.dev/v1')))
    return { findings: [broken('the API server does not serve serving.knative.dev/v1', fix)] };
  const deployments = await list<V1Deployment>(api, `/apis/apps/v1/namespaces/${namespace}/deployments`);
  const needed = ['activator', 'autoscaler', 'controller', 'webhook'];
  const nameOf = ({ metadata }: V1Deployment) => metadata?.name;
  return { findings: [deploymentsFinding({ name: 'Knative Serving', namespace, needed, nameOf, fix }, deployments)] };
});
