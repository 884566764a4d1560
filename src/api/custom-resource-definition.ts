import { ImpalaClusterSchema } from './impala-cluster.ts';
import { GROUP, KIND, PLURAL, VERSION } from './names.ts';
import { structuralSchema } from './structural-schema.ts';

/** What every object has: the API server knows its schema. */
const OBJECT_FIELDS = {
  apiVersion: { description: 'The group and version of this representation of the object.', type: 'string' },
  kind: { description: 'The kind of the object.', type: 'string' },
  metadata: { type: 'object' },
};

const column = (name: string, type: string, jsonPath: string, description: string) => ({
  name,
  type,
  jsonPath,
  description,
});

/** What `kubectl get impala` shows. */
const PRINTER_COLUMNS = [
  column('Ready', 'string', '.status.conditions[?(@.type=="Available")].status', 'Whether the cluster serves'),
  column('Statestore', 'string', '.status.statestore.active', 'The active statestored'),
  column('Catalog', 'string', '.status.catalog.active', 'The active catalogd'),
  column('Coordinators', 'string', '.status.coordinators.ready', 'Coordinators, ready/wanted'),
  column('Executors', 'string', '.status.executors.ready', 'Executors, ready/wanted'),
  column('Version', 'string', '.status.version', "Impala's version"),
  column('Age', 'date', '.metadata.creationTimestamp', 'When the cluster was made'),
];

/** The CustomResourceDefinition of ImpalaCluster, made from the same schema as the types. */
export function customResourceDefinition() {
  const { properties, ...schema } = structuralSchema(ImpalaClusterSchema);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ['impala'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.executors.replicas',
              statusReplicasPath: '.status.executors.replicas',
              labelSelectorPath: '.status.executors.selector',
            },
          },
          additionalPrinterColumns: PRINTER_COLUMNS,
          schema: { openAPIV3Schema: { ...schema, properties: { ...OBJECT_FIELDS, ...(properties as object) } } },
        },
      ],
    },
  };
}
