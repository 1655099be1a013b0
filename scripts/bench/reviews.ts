import { admissionReview } from '../local/admission-review.ts';

/** A Pod with so many containers, each with so many environment variables, and what the API server puts into a Pod. */
export function podOf(containers: number, variables: number): object {
  const env = Array.from({ length: variables }, (_, index) => ({ name: `VARIABLE_${index}`, value: `value ${index}` }));
  const mounts = [
    { name: 'data', mountPath: '/data' },
    { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
  ];
  const probe = { httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10 };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'app-',
      labels: { app: 'app', hello: 'true' },
      annotations: { 'example.com/team': 'team-a' },
    },
    spec: {
      containers: Array.from({ length: containers }, (_, index) => ({
        name: `container-${index}`,
        image: `registry.example.com/team-a/container-${index}:1.2.3`,
        env,
        resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
        livenessProbe: probe,
        readinessProbe: probe,
        volumeMounts: mounts,
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      })),
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'kube-api-access', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      ],
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
    },
  };
}

/** The body of a Pod's creation, as an API server sends it. */
export function reviewOf(pod: object): string {
  return JSON.stringify(admissionReview(pod));
}

/** The Pod of 8 KB that most of the benchmark is about: four containers with some environment. */
export const usualPod = podOf(4, 24);
