import { createHash } from 'node:crypto';
import type { V1DeploymentSpec, V1DeploymentStatus } from '@kubernetes/client-node';
import type { Pod } from '../../controllers/kubernetes-types.ts';
import { isReady } from '../../controllers/kubernetes-types.ts';
import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { Random } from '../../kube/random.ts';
import { pods } from '../../kube/resource.ts';
import { ApiCall } from '../interceptor.ts';
import { sameJson } from '../json.ts';
import { deployments } from '../kinds/builtin-kinds.ts';
import type { Change } from '../versioned-store.ts';
import { ControlLoop } from './control-loop.ts';
import type { ControlPlane } from './control-plane.ts';
import { controllerOf, objectKey, ownedBy, referenceOf } from './object-key.ts';

interface Deployment extends KubernetesObject {
  spec?: V1DeploymentSpec;
  status?: V1DeploymentStatus;
}

const HASH = 'pod-template-hash';
const USER = 'kube-controller-manager';

/** Makes the pods of Deployments, without ReplicaSets between; replaces changed ones one at a time. */
export class DeploymentController {
  readonly #plane: ControlPlane;
  readonly #random: Random;
  readonly #loop: ControlLoop;

  constructor(plane: ControlPlane, random: Random) {
    this.#plane = plane;
    this.#random = random;
    this.#loop = new ControlLoop(plane, (key) => this.#reconcile(key));
  }

  observe({ resource, object }: Change): void {
    if (resource.kind === deployments.kind) this.#loop.add(objectKey(object));
    if (resource.kind !== pods.kind) return;
    const owner = controllerOf(object);
    if (owner?.kind === deployments.kind) this.#loop.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
  }

  #reconcile(key: string): void {
    const deployment = this.#plane.server.peek<Deployment>(referenceOf(deployments, key));
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
    const wanted = deployment.spec?.replicas ?? 1;
    const hash = createHash('sha256').update(JSON.stringify(deployment.spec?.template)).digest('hex').slice(0, 10);
    const live = this.#podsOf(deployment).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const current = live.filter(({ metadata }) => metadata.labels?.[HASH] === hash);
    const old = live.filter((pod) => !current.includes(pod));
    for (let missing = wanted - live.length; missing > 0; missing--) this.#create(deployment, hash);
    for (const pod of [...old, ...current].slice(0, Math.max(0, live.length - wanted))) this.#delete(pod);
    const [next] = old;
    if (next !== undefined && live.length === wanted && current.every((pod) => isReady(pod))) this.#delete(next);
    this.#report(deployment, hash);
  }

  #podsOf({ metadata }: Deployment): Pod[] {
    const { namespace = '', uid } = metadata;
    return this.#plane.server
      .peekAll<Pod>({ resource: pods, namespace })
      .filter((pod) => controllerOf(pod)?.uid === uid);
  }

  #create(deployment: Deployment, hash: string): void {
    const { namespace = '' } = deployment.metadata;
    const template = deployment.spec?.template;
    const suffix = Math.floor(this.#random() * 36 ** 5)
      .toString(36)
      .padStart(5, '0');
    const name = `${deployment.metadata.name}-${hash}-${suffix}`;
    const body: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace,
        labels: { ...template?.metadata?.labels, [HASH]: hash },
        ...(template?.metadata?.annotations && { annotations: template.metadata.annotations }),
        ownerReferences: [ownedBy(deployment, deployments)],
      },
      spec: { containers: [], ...template?.spec },
    };
    const call = new ApiCall({ user: USER, verb: 'create', resource: pods, namespace, name, body });
    this.#plane.server.requests.create(call, body);
  }

  #delete({ metadata: { name, namespace = '', uid = '' } }: Pod): void {
    const call = new ApiCall({ user: USER, verb: 'delete', resource: pods, namespace, name });
    this.#plane.server.requests.delete(call, { uid });
  }

  #report(deployment: Deployment, hash: string): void {
    const all = this.#podsOf(deployment);
    const ready = all.filter((pod) => isReady(pod)).length;
    const status = {
      observedGeneration: deployment.metadata.generation,
      replicas: all.length,
      updatedReplicas: all.filter(({ metadata }) => metadata.labels?.[HASH] === hash).length,
      readyReplicas: ready,
      availableReplicas: ready,
      conditions: [{ type: 'Available', status: ready >= (deployment.spec?.replicas ?? 1) ? 'True' : 'False' }],
    };
    if (!sameJson(deployment.status, status)) {
      this.#plane.server.setStatus(referenceOf(deployments, objectKey(deployment)), status, USER);
    }
  }
}
