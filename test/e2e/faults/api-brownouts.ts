import { api } from '../api.ts';
import { now } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { NAMESPACE, OPERATOR_NAMESPACE } from '../environment.ts';
import { undoLater } from './undo.ts';

/**
 * How the API server answers without doing anything: `throttled`: 429 to every call of agents and operator; `failing`: 500
 * to every write in the cluster's namespace.
 */
export type ApiBrownout = 'throttled' | 'failing';

const NAME = 'e2e-brownout';
const FLOW_CONTROL = '/apis/flowcontrol.apiserver.k8s.io/v1';
const metadata = { name: NAME };

/** A priority level without a seat: whoever is sent to it is turned away. */
const priorityLevel = {
  path: `${FLOW_CONTROL}/prioritylevelconfigurations/${NAME}`,
  body: {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata,
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 0,
        lendablePercent: 0,
        borrowingLimitPercent: 0,
        limitResponse: { type: 'Reject' },
      },
    },
  },
};

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};

const flowSchema = {
  path: `${FLOW_CONTROL}/flowschemas/${NAME}`,
  body: {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata,
    spec: {
      priorityLevelConfiguration: metadata,
      matchingPrecedence: 1,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [NAMESPACE, OPERATOR_NAMESPACE].map((namespace) => ({
            kind: 'ServiceAccount',
            serviceAccount: { namespace, name: '*' },
          })),
          ...everything,
        },
      ],
    },
  },
};

/** A webhook where nobody listens: what must be asked of it fails with 500. */
const webhook = {
  path: `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${NAME}`,
  body: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: [
      {
        name: 'nobody.e2e.impala-operator.dev',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
        rules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['*'] }],
        failurePolicy: 'Fail',
        sideEffects: 'None',
        timeoutSeconds: 1,
        admissionReviewVersions: ['v1'],
      },
    ],
  },
};

const MEANS = { throttled: [priorityLevel, flowSchema], failing: [webhook] } as const;

/** Begins a brownout, which lasts until the case is over at the latest. */
export async function beginBrownout(how: ApiBrownout): Promise<Instant> {
  undoLater(() => endBrownout(how));
  for (const { path, body } of MEANS[how]) await api.apply(path, body);
  return now();
}

/** Ends it, if there is one. */
export async function endBrownout(how: ApiBrownout): Promise<void> {
  for (const { path } of MEANS[how].toReversed()) await api.delete(path);
}
