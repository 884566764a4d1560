import { ApiCall } from '../interceptor.ts';
import { namespaces } from '../kinds/builtin-kinds.ts';
import { StatusError } from '../status-error.ts';
import type { Change } from '../versioned-store.ts';
import type { ControlPlane } from './control-plane.ts';
import { ControlLoop } from './control-loop.ts';

/** Deletes what is in a namespace that was deleted. */
export class NamespaceController {
  readonly #plane: ControlPlane;
  readonly #loop: ControlLoop;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#loop = new ControlLoop(plane, (name) => this.#empty(name));
  }

  observe({ type, resource, object }: Change): void {
    if (resource.kind === namespaces.kind && type === 'DELETED') this.#loop.add(object.metadata.name);
  }

  #empty(namespace: string): void {
    const { server } = this.#plane;
    if (server.peek({ resource: namespaces, name: namespace }) !== undefined) return;
    for (const { resource } of server.kinds.all()) {
      if (!resource.namespaced) continue;
      for (const { metadata } of server.peekAll({ resource, namespace })) {
        if (metadata.deletionTimestamp !== undefined) continue;
        const call = new ApiCall({
          user: 'kube-controller-manager',
          verb: 'delete',
          resource,
          namespace,
          name: metadata.name,
        });
        try {
          server.requests.delete(call, {});
        } catch (error) {
          // Deleted meanwhile, with its owner.
          if (!(error instanceof StatusError)) throw error;
        }
      }
    }
  }
}
