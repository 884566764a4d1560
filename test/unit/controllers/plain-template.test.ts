import { describe, expect, test } from '@jest/globals';
import { labels, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { buildCluster } from '../../../src/controllers/build/build-cluster.ts';
import type { Route } from '../../../src/controllers/forms.ts';
import type { Service } from '../../../src/controllers/kubernetes-types.ts';
import { emptySnapshot, IMAGE, validCluster } from './fixtures.ts';

const build = (route: Route = 'plain') =>
  buildCluster(validCluster({ catalog: { flags: { v: '1' } } }), IMAGE, emptySnapshot(), {
    statestore: route,
    catalog: route,
  });

describe('the pod that runs when high availability is off', () => {
  for (const component of PAIR_COMPONENTS) {
    const { statefulSet, name } = build().plain[component];
    const { selector, template, replicas } = statefulSet.body.spec ?? {};
    const [container, ...others] = template?.spec?.containers ?? [];

    test(`is one ${component} without agent, guard and token, which kubelet judges`, () => {
      expect([name, replicas]).toEqual([`sales-${component}`, 1]);
      expect(others).toEqual([]);
      expect(template?.spec).not.toHaveProperty('initContainers');
      expect(template?.spec).not.toHaveProperty('serviceAccountName');
      expect(template?.spec?.automountServiceAccountToken).toBe(false);
      expect(container?.command?.[0]).toBe('/opt/impala/bin/daemon_entrypoint.sh');
      expect(container?.livenessProbe?.httpGet?.path).toBe('/healthz');
      expect(container?.startupProbe?.failureThreshold).toBe(component === 'statestore' ? 60 : 900);
    });

    test(`is no member of the ${component}, and the Service selects it alone`, () => {
      const member = { [labels.member]: 'plain' };
      expect(selector?.matchLabels).toMatchObject(member);
      expect(template?.metadata?.labels).toMatchObject(member);
      const service = (route: Route) =>
        build(route).objects.find(({ body }) => body.kind === 'Service' && body.metadata.name === `sales-${component}`)
          ?.body as Service | undefined;
      // A catalogd's statestored connects back to it before it is ready.
      expect(service('plain')?.spec).toMatchObject({
        selector: selector?.matchLabels,
        publishNotReadyAddresses: true,
      });
      expect(service('holder')?.spec).not.toHaveProperty('selector');
    });
  }

  test("has a statestored's own name, and the Service's for a catalogd", () => {
    const hostname = (component: 'statestore' | 'catalog') =>
      build().plain[component].statefulSet.body.spec?.template.spec?.containers[0]?.command?.filter((word) =>
        word.startsWith('-hostname='),
      );
    expect(hostname('statestore')).toEqual([
      '-hostname=sales-statestore-0.sales-statestore-pods.shop.svc.cluster.local',
    ]);
    expect(hostname('catalog')).toEqual(['-hostname=sales-catalog.shop.svc.cluster.local']);
  });
});
