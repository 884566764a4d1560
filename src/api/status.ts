import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const text = (description: string) => Type.Optional(Type.String({ description }));
const count = (description: string) => Type.Optional(Type.Integer({ description }));
const time = (description: string) => Type.Optional(Type.String({ description, format: 'date-time' }));

export const Condition = Type.Object(
  {
    type: Type.String({ description: 'What the condition is about.', maxLength: 316 }),
    status: Type.Union([Type.Literal('True'), Type.Literal('False'), Type.Literal('Unknown')], {
      description: 'Whether it holds.',
    }),
    observedGeneration: count("The object's generation that the condition was computed from."),
    lastTransitionTime: Type.String({ description: 'When the status last changed.', format: 'date-time' }),
    reason: Type.String({ description: 'Why, in one word for machines.', minLength: 1, maxLength: 1024 }),
    message: Type.String({ description: 'Why, in words for people.', maxLength: 32768 }),
  },
  { description: 'One aspect of the state, as the API conventions of Kubernetes have it.' },
);

export type Condition = Static<typeof Condition>;

export const MemberStatus = Type.Object(
  {
    name: Type.Union([Type.Literal('a'), Type.Literal('b')], { description: "The member's name." }),
    pod: text("The member's pod."),
    node: text('The node that the pod runs on.'),
    ready: Type.Optional(Type.Boolean({ description: 'Whether the member serves, or could take over now.' })),
    role: Type.Optional(
      Type.Union([Type.Literal('active'), Type.Literal('standby')], { description: 'What the member is now.' }),
    ),
  },
  { description: 'One of the two pods of a pair.' },
);

export type MemberStatus = Static<typeof MemberStatus>;

export const HolderStatus = Type.Object(
  {
    claim: Type.String({ description: 'The holder of the Lease, as it stands there.' }),
    node: text("The node that the holder's pod was seen on."),
    boot: text("The boot id of that node under which the holder's pod runs: another one means that it is gone."),
  },
  { description: 'Where the holder of the Lease runs: remembered, since a lost node may take its pod along.' },
);

export type HolderStatus = Static<typeof HolderStatus>;

export const SwitchoverStatus = Type.Object(
  {
    member: Type.Union([Type.Literal('a'), Type.Literal('b')], { description: 'The member that shall be active.' }),
    request: Type.String({ description: 'Which request this is: each is served once.' }),
    outcome: Type.Union(
      [
        Type.Literal('Waiting'),
        Type.Literal('Requested'),
        Type.Literal('Completed'),
        Type.Literal('Refused'),
        Type.Literal('Failed'),
      ],
      { description: 'What became of it.' },
    ),
    message: Type.String({ description: 'What became of it, in words for people.' }),
    time: Type.String({ description: 'When it came to that.', format: 'date-time' }),
    from: text('The claim that was asked to hand over.'),
  },
  { description: 'The last switchover that was asked for.' },
);

export type SwitchoverStatus = Static<typeof SwitchoverStatus>;

export const PairStatus = Type.Object(
  {
    active: text('The pod that holds the Lease.'),
    activeNode: text('The node of the active pod.'),
    standbys: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Pods that could take over now.',
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    term: Type.Optional(
      Type.Integer({
        description: 'The number of the present tenure: it grows with each change of the active.',
        format: 'int64',
      }),
    ),
    lastTransitionTime: time('When the active last changed.'),
    lastTransitionReason: text('Why the active last changed.'),
    holder: Type.Optional(HolderStatus),
    switchover: Type.Optional(SwitchoverStatus),
    members: Type.Optional(
      Type.Array(MemberStatus, {
        description: 'Both members.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    ),
  },
  { description: 'The state of a pair.' },
);

export type PairStatus = Static<typeof PairStatus>;

export const ReplicasStatus = Type.Object(
  {
    replicas: count('How many pods there are.'),
    readyReplicas: count('How many of them are ready.'),
    ready: text('Ready and wanted pods, as in 2/2.'),
    selector: text('The label selector of the pods, for the scale subresource.'),
  },
  { description: 'The state of coordinators or executors.' },
);

export type ReplicasStatus = Static<typeof ReplicasStatus>;

export const ImpalaClusterStatus = Type.Object(
  {
    observedGeneration: count('The generation of the spec that this status is about.'),
    conditions: Type.Optional(
      Type.Array(Condition, {
        description: 'Available, Progressing, Degraded, StatestoreHighlyAvailable, CatalogHighlyAvailable, Paused.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      }),
    ),
    version: text("Impala's version."),
    statestore: Type.Optional(PairStatus),
    catalog: Type.Optional(PairStatus),
    coordinators: Type.Optional(ReplicasStatus),
    executors: Type.Optional(ReplicasStatus),
  },
  { description: 'What the operator has seen. It writes this, nobody else.' },
);

export type ImpalaClusterStatus = Static<typeof ImpalaClusterStatus>;
