import { COMPONENTS, labels, MEMBERS } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import { readSignIn } from '../daemons/sign-in.ts';
import type { EndpointSlice } from '../kube/kubernetes-object.ts';
import { SLICE_MANAGER_LABEL } from './build/endpoint-slice.ts';
import { judgeSlice } from './endpoint-repair.ts';
import { termOf } from '../kube/election/term.ts';
import { holderOf } from './holder.ts';
import type { Pod } from './kubernetes-types.ts';
import { selectsPlain } from './pair-forms.ts';
import { podTroubles } from './pod-troubles.ts';
import type { Problem, ProblemReason } from './problem.ts';
import { pairsOf, podNamesOf, podsOf } from './snapshot.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';

/** What is wrong with a cluster by what was read of it: pure. */
export function observeProblems(snapshot: ClusterSnapshot): Problem[] {
  return [
    ...pairsOf(snapshot).flatMap((pair) => [
      ...foreignRoutes(snapshot, pair),
      ...foreignLease(snapshot, pair),
      ...failedStarts(pair),
    ]),
    ...snapshot.pods.flatMap(troublesOf),
  ];
}

/** What kubelet says of a pod's containers. */
function troublesOf(pod: Pod): Problem[] {
  const component = COMPONENTS.find((candidate) => candidate === pod.metadata.labels?.[labels.impalaComponent]);
  return podTroubles(pod).map(({ kind, container, message }) => ({
    reason: kind,
    message: `${pod.metadata.name}, container ${container}: ${message}`,
    ...(component && { component }),
  }));
}

const problemOf =
  (component: PairComponent) =>
  (reason: ProblemReason, message: string): Problem => ({ reason, message, component });

/** Ways by which clients of a pair's Service may be led elsewhere than to the active pod. */
function foreignRoutes(snapshot: ClusterSnapshot, pair: PairSnapshot): Problem[] {
  const { component, service, foreignSlices } = pair;
  const problem = problemOf(component);
  // The plain pod is selected on purpose, and Kubernetes makes the slices for that.
  const plain = selectsPlain(snapshot, pair);
  const ofKubernetes = ({ metadata }: EndpointSlice): boolean =>
    metadata.labels?.[SLICE_MANAGER_LABEL] === 'endpointslice-controller.k8s.io';
  const problems = foreignSlices
    .filter((slice) => !plain || !ofKubernetes(slice))
    .map(({ metadata }) =>
      problem(
        'EndpointSliceForeign',
        `EndpointSlice ${metadata.name} is not the operator's and leads clients of the ${component}'s Service elsewhere: ` +
          'delete it, or the Endpoints object that it is made from',
      ),
    );
  const selector = service?.spec?.selector;
  if (!plain && selector !== undefined && Object.keys(selector).length > 0) {
    problems.push(
      problem(
        'ServiceSelectorForeign',
        `Service ${service?.metadata.name ?? ''} was given a selector, which leads clients to other pods than the active ` +
          'one: remove spec.selector, and the EndpointSlice that was made for it',
      ),
    );
  }
  return problems;
}

function foreignLease({ identity }: ClusterSnapshot, pair: PairSnapshot): Problem[] {
  const { component, lease, slice } = pair;
  const podNames = podNamesOf(identity, component);
  const problem = problemOf(component);
  const holder = holderOf(lease, podsOf(pair), podNames);
  if (holder.kind === 'stranger') {
    return [
      problem(
        'LeaseForeign',
        `Lease ${lease?.metadata.name ?? ''} is held by ${holder.identity}, which is no pod of the ${component}`,
      ),
    ];
  }
  const verdict = slice && judgeSlice(lease, slice, podsOf(pair), podNames);
  if (lease === undefined || verdict?.kind !== 'ahead') return [];
  return [
    problem(
      'EndpointSliceAhead',
      `EndpointSlice ${slice?.metadata.name ?? ''} has term ${verdict.sliceTerm}, its Lease only ${termOf(lease)}`,
    ),
  ];
}

/**
 * What the members say of themselves: starts that failed, unless one under the same template came up later, and
 * pre-flights, unless the member serves in the present term all the same. What a pod said that is no more counts for nothing.
 */
function failedStarts(pair: PairSnapshot): Problem[] {
  const problem = problemOf(pair.component);
  const signIns = MEMBERS.map((member) => ({ pod: pair.pods[member], signIn: readSignIn(pair.lease, member) }));
  const healthyTerm = (template: string): number =>
    Math.max(0, ...signIns.map(({ signIn }) => (signIn?.template === template ? (signIn.healthyStart ?? 0) : 0)));
  return signIns.flatMap(({ pod, signIn }) => {
    if (signIn === undefined || pod === undefined || pod.metadata.uid !== signIn.uid) return [];
    const { failedStart } = signIn;
    const failed = failedStart !== undefined && failedStart.term > healthyTerm(signIn.template);
    const serves = pair.lease !== undefined && signIn.healthyStart === termOf(pair.lease);
    const { name } = pod.metadata;
    return [
      ...(failed ? [problem('StartFailed', `${name} did not start: ${failedStart.reason}`)] : []),
      ...(!signIn.ready && signIn.problem !== undefined && !serves
        ? [problem('PreflightFailed', `${name} could not take over: ${signIn.problem}`)]
        : []),
    ];
  });
}
