import type { Resource } from '../../kube/resource.ts';
import type { KindRules } from '../kind-rules.ts';

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description?: string;
  /** Above 0: only shown by `-o wide`. */
  readonly priority?: number;
}

/** A kind as discovery names it, with all that the server does with its objects. */
export interface ServedKind {
  readonly resource: Resource;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly ('status' | 'scale' | 'eviction')[];
  readonly rules: KindRules;
  /** Of a custom resource. */
  readonly columns?: readonly PrinterColumn[];
  /** Of a custom resource: its structural schema. */
  readonly schema?: object;
  /** Where the scale subresource finds what it shows, as dotted paths. */
  readonly scale?: ScalePaths;
}

export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  readonly selector: string;
}
