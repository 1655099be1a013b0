import { documentsIn, type ManifestDocument, objectsIn, type Path } from '../kubernetes/manifest.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { isUnknownWorkload, podPath } from '../kubernetes/workload.ts';
import { type Addition, withPatch } from './addition.ts';
import { type Review, type Reviewed, reviewWorkload } from './review.ts';
import { slipsIn, unknownKind } from './slips.ts';
import { withAdditions } from './yaml-text.ts';

/**
 * What the webhook makes of a workload, with what to call it: `Deployment shop in prod`. One of a kind that is not known is
 * left out: it has a warning alone, and no outcomes.
 */
export interface ReviewedWorkload extends Reviewed {
  title: string;
}

export interface InjectedManifest {
  /** The whole text: where nothing is injected, as it was. */
  text: string;
  /** The objects in it, those of Lists singly. */
  objects: KubernetesObject[];
  workloads: ReviewedWorkload[];
}

/** A text of manifests with its workloads as the webhook would make their Pods. `file` is its name in the Error where it is not YAML. */
export function injectManifest(text: string, file: string, by: Review): InjectedManifest {
  const documents = documentsIn(text, file).map((document) => injectDocument(document, by));
  return {
    text: documents.map((document) => document.text).join(''),
    objects: documents.flatMap(({ value }) => objectsIn(value)).map(({ object }) => object),
    workloads: documents.flatMap(({ workloads }) => workloads),
  };
}

interface InjectedDocument extends ManifestDocument {
  workloads: ReviewedWorkload[];
}

function injectDocument({ text, value }: ManifestDocument, by: Review): InjectedDocument {
  const done = { value, additions: [] as Addition[], workloads: [] as ReviewedWorkload[] };
  for (const { object, path } of objectsIn(value)) {
    const title = titleIn(object);
    if (isUnknownWorkload(object))
      done.workloads.push({ title, outcomes: [], patch: [], warnings: [unknownKind(object)] });
    const template = podPath(object);
    const reviewed = template && reviewWorkload(object, by);
    if (!reviewed) continue;
    done.workloads.push({ ...reviewed, title, warnings: [...reviewed.warnings, ...slipsIn(object)] });
    const patched = withPatch(at(value, path), template, reviewed.patch);
    done.value = withValue(done.value, path, patched.object);
    for (const { parent, entries } of patched.additions) done.additions.push({ parent: [...path, ...parent], entries });
  }
  const { additions, workloads } = done;
  return {
    text: additions.length > 0 ? withAdditions(text, additions, done.value) : text,
    value: done.value,
    workloads,
  };
}

function titleIn(object: KubernetesObject): string {
  const { namespace } = object.metadata;
  return namespace === undefined ? titleOf(object) : `${titleOf(object)} in ${namespace}`;
}

function at(root: unknown, path: Path): unknown {
  return path.reduce((node, key) => (node as Record<string, unknown>)[key], root);
}

/** The value with another at a path. */
function withValue(root: unknown, [key, ...path]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  const inner = withValue((root as Record<string, unknown>)[key], path, value);
  return Array.isArray(root) ? root.with(Number(key), inner) : { ...(root as object), [key]: inner };
}
