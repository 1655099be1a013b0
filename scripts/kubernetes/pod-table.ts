import type { KubernetesApi } from './client.ts';
import type { KubernetesObject } from './object.ts';

/** The API server's own table of these Pods, as `kubectl get pod` asks for it: a row each, of NAME, READY, STATUS, RESTARTS and AGE. */
export async function podRows(api: KubernetesApi, pods: readonly KubernetesObject[]): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { metadata } of pods) {
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
    const { object } = await api.send<Table>('GET', path, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const shown = object.columnDefinitions.flatMap(({ priority }, column) => (priority === 0 ? [column] : []));
    for (const { cells } of object.rows) rows.push(shown.map((column) => String(cells[column])));
  }
  return rows;
}

interface Table {
  columnDefinitions: { name: string; priority: number }[];
  rows: { cells: unknown[] }[];
}
