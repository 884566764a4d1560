/** A spec that the API server must refuse. */
export interface InvalidSpec {
  /** The rule that it breaks, as a sentence for the report. */
  readonly rule: string;
  /** A JSON merge patch onto {@link MINIMAL_CLUSTER}. */
  readonly patch: object;
  /** What the refusal must say: the field, and what to write. */
  readonly message: RegExp;
}

/** The least that is valid. */
export const MINIMAL_CLUSTER = {
  apiVersion: 'impala-operator.dev/v1alpha1',
  kind: 'ImpalaCluster',
  metadata: { name: 'minimal' },
  spec: {},
} as const;

const highAvailability = (patch: object, component = 'statestore'): object => ({
  spec: { [component]: { highAvailability: patch } },
});
const flags = (component: string, patch: Record<string, string>): object => ({
  spec: { [component]: { flags: patch } },
});
const manyFlags = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`flag_${index}`, '1']));

/** Each rule once. */
export const INVALID_SPECS: readonly InvalidSpec[] = [
  {
    rule: 'a cluster has a spec',
    patch: { spec: null },
    message: /spec: Required value/,
  },
  {
    rule: "a cluster's name has at most 39 characters",
    patch: { metadata: { name: 'a'.repeat(40) } },
    message: /metadata\.name must be at most 39/,
  },
  {
    rule: "a cluster's name begins with a letter",
    patch: { metadata: { name: '1st' } },
    message: /metadata\.name must .* begin with a letter/,
  },
  {
    rule: "a cluster's name has no dots",
    patch: { metadata: { name: 'a.b' } },
    message: /metadata\.name must .* lower case letters, digits and dashes/,
  },
  {
    rule: 'the lease outlasts the renew deadline by more than the time to stop a daemon',
    patch: highAvailability({ leaseDurationSeconds: 8 }),
    message: /statestore\.highAvailability.*leaseDurationSeconds must be greater than renewDeadlineSeconds \+ 2/s,
  },
  {
    rule: 'the renew deadline is longer than 1.2 retry periods',
    patch: highAvailability({ renewDeadlineSeconds: 6, retryPeriodSeconds: 5 }, 'catalog'),
    message: /catalog\.highAvailability.*renewDeadlineSeconds must be greater than 1\.2 x retryPeriodSeconds/s,
  },
  {
    rule: 'the lease has an upper limit',
    patch: highAvailability({ leaseDurationSeconds: 121 }),
    message: /statestore\.highAvailability\.leaseDurationSeconds.*less than or equal to 120/s,
  },
  {
    rule: 'the lease has a lower limit',
    patch: highAvailability({ leaseDurationSeconds: 4, renewDeadlineSeconds: 2, retryPeriodSeconds: 1 }, 'catalog'),
    message: /catalog\.highAvailability\.leaseDurationSeconds.*greater than or equal to 5/s,
  },
  {
    rule: 'the renew deadline has a lower limit',
    patch: highAvailability({ renewDeadlineSeconds: 1 }),
    message: /renewDeadlineSeconds.*greater than or equal to 2/s,
  },
  {
    rule: 'the retry period has a lower limit',
    patch: highAvailability({ retryPeriodSeconds: 0 }),
    message: /retryPeriodSeconds.*greater than or equal to 1/s,
  },
  {
    rule: 'the failure threshold has a lower limit',
    patch: highAvailability({ failureThreshold: 0 }),
    message: /failureThreshold.*greater than or equal to 1/s,
  },
  {
    rule: 'the start timeout has an upper limit',
    patch: highAvailability({ startTimeoutSeconds: 86401 }, 'catalog'),
    message: /startTimeoutSeconds.*less than or equal to 86400/s,
  },
  {
    rule: 'an outage has a lower limit',
    patch: highAvailability({ maxOutageSeconds: 59 }),
    message: /maxOutageSeconds.*greater than or equal to 60/s,
  },
  {
    rule: 'an outage has an upper limit',
    patch: highAvailability({ maxOutageSeconds: 86401 }, 'catalog'),
    message: /maxOutageSeconds.*less than or equal to 86400/s,
  },
  {
    rule: 'an outage that is survived is no shorter than the lease',
    patch: highAvailability({ leaseDurationSeconds: 100, maxOutageSeconds: 99 }),
    message: /maxOutageSeconds must be at least leaseDurationSeconds/,
  },
  {
    rule: 'only a member can be preferred',
    patch: { spec: { statestore: { preferredActive: 'c' } } },
    message: /statestore\.preferredActive.*supported values: "a", "b"/s,
  },
  {
    rule: "a statestored's flag that the operator owns is refused by name",
    patch: flags('statestore', { state_store_port: '24001' }),
    message: /statestore\.flags.*-state_store_port is set by the operator: leave it out/s,
  },
  {
    rule: "a catalogd's flag that the operator owns is refused by name",
    patch: flags('catalog', { hostname: 'elsewhere' }),
    message: /catalog\.flags.*-hostname is set by the operator: leave it out/s,
  },
  {
    rule: "a coordinator's flag that the operator owns is refused by name",
    patch: flags('coordinators', { mem_limit: '1g', state_store_host: 'elsewhere' }),
    message: /coordinators\.flags.*-state_store_host is set by the operator: leave it out/s,
  },
  {
    rule: "an executor's flag that the operator owns is refused by name",
    patch: flags('executors', { is_coordinator: 'true' }),
    message: /executors\.flags.*-is_coordinator is set by the operator: leave it out/s,
  },
  {
    rule: 'a flag that the health checks cannot live with is refused by name',
    patch: flags('catalog', { webserver_certificate_file: '/tls/tls.crt' }),
    message: /catalog\.flags.*-webserver_certificate_file is not supported yet/s,
  },
  {
    rule: 'flags are written without dashes',
    patch: flags('executors', { '-mem_limit': '1g' }),
    message: /executors\.flags.*write names without leading dashes/s,
  },
  {
    rule: 'flags have an upper limit',
    patch: flags('executors', manyFlags),
    message: /executors\.flags.*must have at most 200/s,
  },
  {
    rule: "a flag's value is a string",
    patch: { spec: { executors: { flags: { num_cores: 4 } } } },
    message: /executors\.flags\.num_cores.*must be of type string/s,
  },
  {
    rule: 'a catalog call is not cut off while its statement runs',
    patch: flags('coordinators', { catalog_client_rpc_timeout_ms: '120000' }),
    message: /coordinators\.flags.*catalog_client_rpc_timeout_ms.*at least 600000/s,
  },
  {
    rule: 'a daemon does not try one statestored for ever',
    patch: flags('catalog', { statestore_subscriber_cnxn_attempts: '0' }),
    message: /catalog\.flags.*statestore_subscriber_cnxn_attempts.*from 1 to 9999/s,
  },
  {
    rule: 'the version is written where the tag does not tell it',
    patch: { spec: { image: { tag: 'nightly' } } },
    message: /image\.version is required because image\.tag does not begin with x\.y\.z/,
  },
  {
    rule: 'the version has three numbers',
    patch: { spec: { image: { version: '4.5' } } },
    message: /image\.version.*should match/s,
  },
  {
    rule: 'the repository has no tag',
    patch: { spec: { image: { repository: 'apache/impala:4.5.0' } } },
    message: /image\.repository.*should match/s,
  },
  {
    rule: 'the tag has no digest',
    patch: { spec: { image: { tag: '4.5.0@sha256' } } },
    message: /image\.tag.*should match/s,
  },
  {
    rule: 'the pull policy is one that kubelet knows',
    patch: { spec: { image: { pullPolicy: 'Sometimes' } } },
    message: /image\.pullPolicy.*"Always", "IfNotPresent", "Never"/s,
  },
  {
    rule: 'configuration comes from a ConfigMap or a Secret, not both',
    patch: { spec: { configuration: { from: [{ configMap: { name: 'x' }, secret: { name: 'y' } }] } } },
    message: /configuration\.from.*exactly one of configMap and secret/s,
  },
  {
    rule: 'configuration comes from something',
    patch: { spec: { configuration: { from: [{}] } } },
    message: /configuration\.from.*exactly one of configMap and secret/s,
  },
  {
    rule: 'configuration files have no directories',
    patch: { spec: { configuration: { files: { 'conf/hive-site.xml': '' } } } },
    message: /configuration\.files.*without a slash/s,
  },
  {
    rule: 'configuration files have names that a ConfigMap can keep',
    patch: { spec: { configuration: { files: { 'hive site.xml': '' } } } },
    message: /configuration\.files.*letters, digits, dots, dashes and underscores/s,
  },
  {
    rule: 'the cluster domain is a domain',
    patch: { spec: { clusterDomain: '.local' } },
    message: /clusterDomain.*should match/s,
  },
  {
    rule: 'replicas have a lower limit',
    patch: { spec: { coordinators: { replicas: -1 } } },
    message: /coordinators\.replicas.*greater than or equal to 0/s,
  },
  {
    rule: 'replicas have an upper limit',
    patch: { spec: { executors: { replicas: 1001 } } },
    message: /executors\.replicas.*less than or equal to 1000/s,
  },
  {
    rule: 'a resource is a quantity',
    patch: { spec: { executors: { resources: { limits: { memory: 'much' } } } } },
    message: /executors\.resources\.limits\.memory.*should match/s,
  },
];
