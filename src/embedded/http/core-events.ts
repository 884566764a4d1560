import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { KubernetesEvent } from '../../kube/event.ts';

/**
 * An event of events.k8s.io/v1 as the core group shows it: kubectl reads that one. They are the same objects under two
 * names.
 */
export function toCoreEvent(object: KubernetesObject): KubernetesObject {
  const event = object as KubernetesEvent;
  const { metadata, regarding, note, reason, type, action, eventTime, series } = event;
  const { reportingController, reportingInstance } = event;
  const core = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject: regarding,
    reason,
    message: note,
    type,
    action,
    eventTime,
    firstTimestamp: null,
    lastTimestamp: null,
    source: {},
    reportingComponent: reportingController,
    reportingInstance,
    ...(series && { series }),
  };
  return core;
}

/** A field selector of core events in the words of events.k8s.io. */
export const toEventFields = (fieldSelector: string): string =>
  fieldSelector.replaceAll('involvedObject.', 'regarding.').replaceAll('reportingComponent', 'reportingController');
