import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

/** The API server's own pattern of a quantity. */
const QUANTITY =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

const Quantity = Type.Unsafe<string | number>({
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: QUANTITY,
  'x-kubernetes-int-or-string': true,
});

const quantities = (description: string) =>
  Type.Optional(Type.Record(Type.String(), Quantity, { description, maxProperties: 32 }));

export const Resources = Type.Object(
  {
    limits: quantities("The most that the daemon's container may use."),
    requests: quantities("What the daemon's container is promised."),
  },
  {
    description:
      "Resources of the daemon's container. A CPU limit delays the guard that stops a daemon in time: rather set a memory limit alone.",
  },
);

export type Resources = Static<typeof Resources>;

export const Toleration = Type.Object(
  {
    key: Type.Optional(
      Type.String({ description: 'The key of the taint; every key when it is left out.', maxLength: 317 }),
    ),
    operator: Type.Optional(
      Type.Union([Type.Literal('Exists'), Type.Literal('Equal'), Type.Literal('Lt'), Type.Literal('Gt')], {
        description: 'How key and value are compared; Equal when it is left out.',
      }),
    ),
    value: Type.Optional(Type.String({ description: 'The value of the taint.', maxLength: 63 })),
    effect: Type.Optional(
      Type.Union([Type.Literal('NoSchedule'), Type.Literal('PreferNoSchedule'), Type.Literal('NoExecute')], {
        description: 'The effect of the taint; every effect when it is left out.',
      }),
    ),
    tolerationSeconds: Type.Optional(
      Type.Integer({ description: 'How long a taint of effect NoExecute is tolerated.', format: 'int64' }),
    ),
  },
  { description: 'A taint that the pods tolerate.' },
);

export type Toleration = Static<typeof Toleration>;

/** Where and with what a component's pods run. */
export const scheduling = {
  resources: Type.Optional(Resources),
  nodeSelector: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 63 }), {
      description: 'Labels of the nodes that the pods may run on.',
      maxProperties: 32,
      'x-kubernetes-map-type': 'atomic',
    }),
  ),
  tolerations: Type.Optional(
    Type.Array(Toleration, {
      description: 'Taints of nodes that the pods tolerate.',
      maxItems: 64,
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
};
