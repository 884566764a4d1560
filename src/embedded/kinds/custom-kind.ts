import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import { isFields } from '../json.ts';
import type { Cause, KindRules } from '../kind-rules.ts';
import { mergeSchemaOf, type MergeSchema } from '../merge-schema.ts';
import type { Resource } from '../../kube/resource.ts';
import { SchemaValidator } from './schema-validator.ts';
import type { PrinterColumn, ServedKind } from './served-kind.ts';
import { keyedLists, pruned, type StructuralSchema } from './structural-schema.ts';
import { ruleCauses } from './validation-rules.ts';

/** apiextensions.k8s.io/v1 CustomResourceDefinition, as much as is gone by. */
interface Definition extends KubernetesObject {
  spec?: {
    group: string;
    scope: 'Namespaced' | 'Cluster';
    names: { kind: string; plural: string; singular?: string; shortNames?: string[]; categories?: string[] };
    versions: {
      name: string;
      served: boolean;
      schema?: { openAPIV3Schema?: StructuralSchema };
      subresources?: {
        status?: object;
        scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
      };
      additionalPrinterColumns?: PrinterColumn[];
    }[];
  };
}

/** The kind that a CustomResourceDefinition defines, in its first served version; nothing when it serves none. */
export function customKind(definition: KubernetesObject): ServedKind | undefined {
  const { spec } = definition as Definition;
  const version = spec?.versions.find(({ served }) => served);
  if (spec === undefined || version === undefined) return undefined;
  const { kind, plural, singular = kind.toLowerCase(), shortNames = [], categories = [] } = spec.names;
  const resource = {
    apiVersion: `${spec.group}/${version.name}`,
    kind,
    plural,
    namespaced: spec.scope === 'Namespaced',
  };
  const { scale, status } = version.subresources ?? {};
  const schema = version.schema?.openAPIV3Schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const path = (jsonPath = ''): string => jsonPath.replace(/^\./, '');
  return {
    resource,
    singular,
    shortNames,
    categories,
    subresources: [...(status ? (['status'] as const) : []), ...(scale ? (['scale'] as const) : [])],
    rules: customRules(resource, schema, status !== undefined),
    columns: version.additionalPrinterColumns ?? [],
    schema,
    ...(scale && {
      scale: {
        specReplicas: path(scale.specReplicasPath),
        statusReplicas: path(scale.statusReplicasPath),
        selector: path(scale.labelSelectorPath),
      },
    }),
  };
}

function customRules(resource: Resource, schema: StructuralSchema, hasStatus: boolean): KindRules {
  const validator = new SchemaValidator(schema);
  return {
    hasGeneration: true,
    hasStatus,
    mergeSchema: mergeSchema(schema),
    decode: (object) => validator.check(pruned(schema, object)).completed as KubernetesObject,
    undeclaredField: (applied) => {
      const unknown: string[] = [];
      pruned(schema, applied, '', unknown);
      return unknown[0] === undefined ? undefined : `.${unknown[0]}`;
    },
    validate: (object, previous): Cause[] => {
      const { causes } = validator.check(object);
      // The API server evaluates no rules on what does not even have the right shape.
      if (causes.length > 0) return causes;
      return ruleCauses(schema, object, previous).map((cause) =>
        cause.field === '<nil>' ? { ...cause, field: resource.kind.toLowerCase() } : cause,
      );
    },
  };
}

function mergeSchema(schema: StructuralSchema): MergeSchema {
  const common = mergeSchemaOf('');
  const lists = keyedLists(schema);
  return {
    isGranular: (_field, value): value is Readonly<Record<string, unknown>> => isFields(value),
    keysOf: (field) => lists.get(field) ?? (field === 'ownerReferences' ? common.keysOf(field) : undefined),
  };
}
