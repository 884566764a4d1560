import { annotations } from '../../api/names.ts';
import type { Component } from '../../api/names.ts';
import { hashOf } from '../hash.ts';
import type { PodTemplate, StatefulSet } from '../kubernetes-types.ts';

/** A pod template that carries a hash: its own, or that of the templates it belongs together with. */
export const withHash = (template: PodTemplate, hash = hashOf(template)): PodTemplate => ({
  ...template,
  metadata: {
    ...template.metadata,
    annotations: { ...template.metadata?.annotations, [annotations.template]: hash },
  },
});

/** The hash of the template that a StatefulSet has. */
export const templateHashOf = (statefulSet: StatefulSet | undefined): string | undefined =>
  statefulSet?.spec?.template.metadata?.annotations?.[annotations.template];

/**
 * What was asked of an ImpalaCluster's annotations for a component: the restart of everything, and its own. Nothing when
 * none was ever asked for.
 */
export function restartOf(
  clusterAnnotations: Readonly<Record<string, string>>,
  component: Component,
): string | undefined {
  const asked = [annotations.restartedAt(), annotations.restartedAt(component)].map((name) => clusterAnnotations[name]);
  return asked.every((value) => value === undefined) ? undefined : asked.map((value) => value ?? '').join(' ');
}

/** The annotation by which a restart that was asked for makes another template. */
export const restartAnnotation = (restart: string | undefined): { annotations?: Record<string, string> } =>
  restart === undefined ? {} : { annotations: { [annotations.restartedAt()]: restart } };
