/** The API group of the operator's own kinds, and the prefix of its labels and annotations. */
export const GROUP = 'impala-operator.dev';
export const VERSION = 'v1alpha1';
export const KIND = 'ImpalaCluster';
export const PLURAL = 'impalaclusters';

/** The field manager of everything the operator applies. Agents PUT and have the manager that their PUTs name. */
export const OPERATOR_FIELD_MANAGER = 'impala-operator';

/** The two components that are made highly available. */
export const PAIR_COMPONENTS = ['statestore', 'catalog'] as const;
export type PairComponent = (typeof PAIR_COMPONENTS)[number];

export const COMPONENTS = [...PAIR_COMPONENTS, 'coordinator', 'executor'] as const;
export type Component = (typeof COMPONENTS)[number];

/** The two members of a pair. Each is a StatefulSet of one pod. */
export const MEMBERS = ['a', 'b'] as const;
export type Member = (typeof MEMBERS)[number];

/** Stands in place of a member in the labels of what runs when high availability is off. */
export const PLAIN = 'plain';

export const otherMember = (member: Member): Member => (member === 'a' ? 'b' : 'a');

export const labels = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  managedBy: 'app.kubernetes.io/managed-by',
  cluster: `${GROUP}/cluster`,
  impalaComponent: `${GROUP}/component`,
  member: `${GROUP}/member`,
  /** `active` or `standby`: for people, nothing routes by it. */
  role: `${GROUP}/role`,
} as const;

export const annotations = {
  /** Lease: the term that was released, written by its holder in the PUT that empties the holder, or by who made the Lease. */
  released: `${GROUP}/released`,
  /** Lease: the term in which the operator closed it, because a plain pod runs in the members' stead: nobody may claim it. */
  closed: `${GROUP}/closed`,
  /** Lease: why and since when the last holder gave it up (JSON), for the successor's event. */
  releaseReason: `${GROUP}/release-reason`,
  /** Lease: why its holder took over, in one word; written with the claim. */
  transitionReason: `${GROUP}/transition-reason`,
  /** Lease of the catalog: which of the two equal spellings of its Service's name the catalogd registers under (`0` or `1`). */
  hostnameSpelling: `${GROUP}/hostname-spelling`,
  /** Lease: what a member says of itself (JSON). */
  signIn: (member: Member) => `${GROUP}/member-${member}`,
  /** Lease: who may claim it after a lease duration (JSON, a list of pod and uid); written with every claim and renewal. */
  roster: `${GROUP}/roster`,
  /** Lease: for how long its holder may live on promises, in seconds; written with every claim and renewal. */
  maxOutageSeconds: `${GROUP}/max-outage-seconds`,
  /** Lease: the member for whom the others hold back; written in a release that serves a switchover. */
  successor: `${GROUP}/successor`,
  /** Lease: the request of the switchover that was served last; written by a holder. */
  servedRequest: `${GROUP}/served-request`,
  /** Lease: who shall take over from the holder (JSON, {@link Preference}); written by the operator. */
  preferred: `${GROUP}/preferred`,
  /** Lease: the claim whose processes are known to be dead, and how (JSON, {@link Gone}); written by the operator. */
  gone: `${GROUP}/gone`,
  /** ImpalaCluster: when a switchover of the component was last asked for: another one is another request. */
  switchoverRequestedAt: (component: PairComponent) => `${GROUP}/switchover-requested-at.${component}`,
  /** EndpointSlice: the term of the holder whose address it names. */
  term: `${GROUP}/term`,
  /** EndpointSlice: the claim (holderIdentity) of the holder whose address it names. */
  claim: `${GROUP}/claim`,
  /** Pod template: the hash of the template as the operator built it. */
  template: `${GROUP}/template`,
  /**
   * ImpalaCluster: another value restarts the pods, of all components or of one, in the order of an update. Pod template:
   * the values that its pods were made for.
   */
  restartedAt: (component?: Component) => `${GROUP}/restarted-at${component === undefined ? '' : `.${component}`}`,
  /** ConfigMap or Secret of a configuration: what it is a copy of, as in `Secret hive-site`. */
  copyOf: `${GROUP}/copy-of`,
  /** Any object the operator applies: the hash of what it applied. */
  applied: `${GROUP}/applied`,
  /** Secret of keys: when it was written last (RFC 3339). */
  keysChanged: `${GROUP}/keys-changed`,
} as const;

/** The names of a cluster's objects: fixed, for people and tests. */
export const names = {
  /** Lease, Service and EndpointSlice of a pair; also its ServiceAccount, Role, RoleBinding, PodDisruptionBudget and Secret. */
  pair: (cluster: string, component: PairComponent) => `${cluster}-${component}`,
  memberStatefulSet: (cluster: string, component: PairComponent, member: Member) => `${cluster}-${component}-${member}`,
  /** What runs when high availability is off: a StatefulSet of one pod, beside the members'. */
  plainStatefulSet: (cluster: string, component: PairComponent) => `${cluster}-${component}`,
  plainPod: (cluster: string, component: PairComponent) => `${cluster}-${component}-0`,
  memberPod: (cluster: string, component: PairComponent, member: Member) => `${cluster}-${component}-${member}-0`,
  /** StatefulSet and client Service of coordinators, StatefulSet of executors. */
  impalads: (cluster: string, component: 'coordinator' | 'executor') => `${cluster}-${component}`,
  headlessService: (cluster: string, component: Component) => `${cluster}-${component}-pods`,
  /** ConfigMap with the files of the spec, as they were when this was the hash of all files of the configuration. */
  configuration: (cluster: string, hash: string) => `${cluster}-configuration-${hash}`,
  /** Copy of the configuration's source of that number: a ConfigMap or a Secret. */
  configurationCopy: (cluster: string, hash: string, index: number) => `${cluster}-configuration-${hash}-${index}`,
  /** Secret of the key that signs the certificates of a cluster's agents. */
  certificateAuthority: (cluster: string) => `${cluster}-certificate-authority`,
} as const;

/** The member of a pair whose pod has this name; nothing for any other pod. */
export const memberOfPod = (cluster: string, component: PairComponent, pod: string): Member | undefined =>
  MEMBERS.find((member) => names.memberPod(cluster, component, member) === pod);

export const AGENT_CONTAINER = 'ha-agent';
export const DAEMON_CONTAINER = {
  statestore: 'statestored',
  catalog: 'catalogd',
  coordinator: 'impalad',
  executor: 'impalad',
} as const satisfies Record<Component, string>;
