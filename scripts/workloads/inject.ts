import { documentsIn, type ManifestDocument, objectsIn, type Path } from '../kubernetes/manifest.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { podPath } from '../kubernetes/workload.ts';
import { type Addition, withPatch } from './addition.ts';
import { type Review, type Reviewed, reviewWorkload } from './review.ts';
import { withAdditions } from './yaml-text.ts';

/** What the webhook makes of a workload, with what to call it: `Deployment shop in prod`. */
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
    const workload = injectObject(done.value, object, path, by);
    if (!workload) continue;
    done.value = workload.value;
    done.additions.push(...workload.additions);
    done.workloads.push(workload.reviewed);
  }
  const { additions, workloads } = done;
  return {
    text: additions.length > 0 ? withAdditions(text, additions, done.value) : text,
    value: done.value,
    workloads,
  };
}

/** The document with one of its objects, at `path`, injected; undefined where the object has no Pods. */
function injectObject(document: unknown, object: KubernetesObject, path: Path, by: Review) {
  const template = podPath(object);
  const reviewed = template && reviewWorkload(object, by);
  if (!reviewed) return undefined;
  const { object: value, additions } = withPatch(document, [...path, ...template], reviewed.patch);
  const { namespace } = object.metadata;
  const title = namespace === undefined ? titleOf(object) : `${titleOf(object)} in ${namespace}`;
  return { value, additions, reviewed: { ...reviewed, title } };
}
