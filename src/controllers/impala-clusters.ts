import { GROUP, KIND, PLURAL, VERSION } from '../api/names.ts';
import type { Resource } from '../kube/resource.ts';

export const impalaClusters: Resource = {
  apiVersion: `${GROUP}/${VERSION}`,
  kind: KIND,
  plural: PLURAL,
  namespaced: true,
};
