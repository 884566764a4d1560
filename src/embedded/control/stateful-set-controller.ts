import { createHash } from 'node:crypto';
import type { Pod, StatefulSet } from '../../controllers/kubernetes-types.ts';
import { isReady } from '../../controllers/kubernetes-types.ts';
import { pods, statefulSets } from '../../kube/resource.ts';
import { ApiCall } from '../interceptor.ts';
import { sameJson } from '../json.ts';
import type { Change } from '../versioned-store.ts';
import { ControlLoop } from './control-loop.ts';
import type { ControlPlane } from './control-plane.ts';
import { controllerOf, objectKey, ownedBy, referenceOf } from './object-key.ts';

const REVISION = 'controller-revision-hash';
const POD_NAME = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX = 'apps.kubernetes.io/pod-index';
const USER = 'kube-controller-manager';

/** Makes the pods of StatefulSets, by name; replaces them when the template has changed, from the last on, one at a time. */
export class StatefulSetController {
  readonly #plane: ControlPlane;
  readonly #loop: ControlLoop;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#loop = new ControlLoop(plane, (key) => this.#reconcile(key));
  }

  observe({ resource, object }: Change): void {
    if (resource.kind === statefulSets.kind) this.#loop.add(objectKey(object));
    if (resource.kind !== pods.kind) return;
    const owner = controllerOf(object);
    if (owner?.kind === statefulSets.kind) this.#loop.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
  }

  #reconcile(key: string): void {
    const set = this.#plane.server.peek<StatefulSet>(referenceOf(statefulSets, key));
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const revision = revisionOf(set);
    const present = this.#podsOf(set);
    const wanted = set.spec?.replicas ?? 1;
    this.#scale(set, present, wanted, revision);
    this.#update(set, present, wanted, revision);
    this.#report(set, this.#podsOf(set), revision);
  }

  /** Its pods by their numbers, as far as they are its own. */
  #podsOf(set: StatefulSet): Map<number, Pod> {
    const { namespace = '', name, uid } = set.metadata;
    const most = Math.max(set.spec?.replicas ?? 1, set.status?.replicas ?? 0) + 1;
    const found = new Map<number, Pod>();
    for (let index = 0; index < most; index++) {
      const pod = this.#plane.server.peek<Pod>({ resource: pods, namespace, name: `${name}-${index}` });
      if (pod !== undefined && controllerOf(pod)?.uid === uid) found.set(index, pod);
    }
    return found;
  }

  #scale(set: StatefulSet, present: Map<number, Pod>, wanted: number, revision: string): void {
    const ordered = set.spec?.podManagementPolicy !== 'Parallel';
    for (let index = 0; index < wanted; index++) {
      const pod = present.get(index);
      if (pod === undefined) this.#create(set, index, revision);
      else if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') this.#delete(pod);
      if (ordered && (pod === undefined || !isReady(pod))) return;
    }
    for (const [index, pod] of present) if (index >= wanted) this.#delete(pod);
  }

  #update(set: StatefulSet, present: Map<number, Pod>, wanted: number, revision: string): void {
    if (set.spec?.updateStrategy?.type === 'OnDelete') return;
    for (let index = wanted - 1; index >= 0; index--) {
      const pod = present.get(index);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
      if (pod.metadata.labels?.[REVISION] !== revision) {
        this.#delete(pod);
        return;
      }
      if (!isReady(pod)) return;
    }
  }

  #create(set: StatefulSet, index: number, revision: string): void {
    const { server } = this.#plane;
    const { namespace = '', name } = set.metadata;
    const template = set.spec?.template;
    const podName = `${name}-${index}`;
    // The pod of another owner has the name: it has to go first.
    if (server.peek({ resource: pods, namespace, name: podName }) !== undefined) return;
    const body: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: podName,
        namespace,
        labels: {
          ...template?.metadata?.labels,
          [REVISION]: revision,
          [POD_NAME]: podName,
          [POD_INDEX]: String(index),
        },
        ...(template?.metadata?.annotations && { annotations: template.metadata.annotations }),
        ownerReferences: [ownedBy(set, statefulSets)],
      },
      spec: {
        containers: [],
        ...template?.spec,
        hostname: podName,
        ...(set.spec?.serviceName && { subdomain: set.spec.serviceName }),
      },
    };
    server.requests.create(
      new ApiCall({ user: USER, verb: 'create', resource: pods, namespace, name: podName, body }),
      body,
    );
  }

  #delete({ metadata: { name, namespace = '', uid = '', deletionTimestamp } }: Pod): void {
    if (deletionTimestamp !== undefined) return;
    const call = new ApiCall({ user: USER, verb: 'delete', resource: pods, namespace, name });
    this.#plane.server.requests.delete(call, { uid });
  }

  #report(set: StatefulSet, present: Map<number, Pod>, revision: string): void {
    const all = [...present.values()];
    const ready = all.filter((pod) => isReady(pod)).length;
    const updated = all.filter((pod) => pod.metadata.labels?.[REVISION] === revision).length;
    const previous = set.status?.currentRevision ?? revision;
    const complete = updated === all.length && ready === (set.spec?.replicas ?? 1);
    const currentRevision = complete ? revision : previous;
    const status = {
      observedGeneration: set.metadata.generation,
      replicas: all.length,
      readyReplicas: ready,
      availableReplicas: ready,
      currentReplicas: all.filter((pod) => pod.metadata.labels?.[REVISION] === currentRevision).length,
      updatedReplicas: updated,
      currentRevision,
      updateRevision: revision,
      collisionCount: 0,
    };
    if (!sameJson(set.status, status)) {
      this.#plane.server.setStatus(referenceOf(statefulSets, objectKey(set)), status, USER);
    }
  }
}

const revisions = new WeakMap<object, string>();

/** Names a template: equal ones have the same name. */
function revisionOf(set: StatefulSet): string {
  const template: object = set.spec?.template ?? {};
  let hash = revisions.get(template);
  if (hash === undefined) {
    hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
    revisions.set(template, hash);
  }
  return `${set.metadata.name}-${hash}`;
}
