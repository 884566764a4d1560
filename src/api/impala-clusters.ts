import type { Resource } from '../kube/resource.ts';
import { GROUP, KIND, PLURAL, VERSION } from './names.ts';

export const impalaClusters: Resource = {
  apiVersion: `${GROUP}/${VERSION}`,
  kind: KIND,
  plural: PLURAL,
  namespaced: true,
};
