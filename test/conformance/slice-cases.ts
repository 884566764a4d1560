import { describe, expect, test } from '@jest/globals';
import type { EndpointSlice } from '../../src/kube/kubernetes-object.ts';
import { endpointSlices } from '../../src/kube/resource.ts';
import { Objects, refusal, refusedFields, type ConformanceEnvironment } from './environment.ts';

const IPV4 = { addressType: 'IPv4' };
const ENDPOINT = { addresses: ['10.1.2.3'], conditions: { ready: true } };

/** What the API server takes, keeps and refuses in an EndpointSlice. */
export function sliceCases(environment: ConformanceEnvironment): void {
  const objects = new Objects<EndpointSlice>(environment, endpointSlices);

  describe('an EndpointSlice', () => {
    test('without endpoints and ports has null in their place', async () => {
      expect(await objects.create('bare', IPV4)).toMatchObject({ addressType: 'IPv4', endpoints: null, ports: null });
    });

    test('is kept as it was sent, with a name and protocol for each port and conditions for each endpoint', async () => {
      const endpoints = [
        { ...ENDPOINT, nodeName: 'n1', targetRef: { kind: 'Pod', name: 'p', namespace: 'x', uid: 'u' } },
        { addresses: ['10.1.2.4'] },
      ];
      const ports = [{ port: 24000 }, { name: 'web', port: 25010, protocol: 'TCP' }];
      const slice = await objects.create('full', { ...IPV4, endpoints, ports });
      expect(slice.endpoints).toEqual([endpoints[0], { addresses: ['10.1.2.4'], conditions: {} }]);
      expect(slice.ports).toEqual([
        { name: '', port: 24000, protocol: 'TCP' },
        { name: 'web', port: 25010, protocol: 'TCP' },
      ]);
    });

    test('counts the changes of its endpoints as generations', async () => {
      const slice = await objects.create('generation', { ...IPV4, endpoints: [] });
      expect(slice.metadata.generation).toBe(1);
      const changed = await objects.replace('generation', { ...slice, endpoints: [ENDPOINT] });
      expect(changed.metadata.generation).toBe(2);
      const metadata = { ...changed.metadata, annotations: { a: 'b' } };
      expect((await objects.replace('generation', { ...changed, metadata })).metadata.generation).toBe(2);
    });

    test('counts the changes of its labels as generations', async () => {
      await objects.create('labelled', IPV4);
      expect((await objects.patch('labelled', { metadata: { labels: { a: 'b' } } })).metadata.generation).toBe(2);
    });

    test('does not change its type of addresses', async () => {
      const slice = await objects.create('type', IPV4);
      const call = (): Promise<EndpointSlice> => objects.replace('type', { ...slice, addressType: 'IPv6' });
      expect(await refusal(call())).toEqual({ reason: 'Invalid', status: 422 });
      expect(await refusedFields(call())).toEqual(['addressType']);
    });

    test.each([
      ['no type of addresses', {}],
      ['an unknown type of addresses', { addressType: 'Ipv4' }],
      ['an endpoint without addresses', { ...IPV4, endpoints: [{ addresses: [] }] }],
      ['an address that is none', { ...IPV4, endpoints: [{ addresses: ['10.1.2'] }] }],
      ['an address of the other type', { ...IPV4, endpoints: [{ addresses: ['::1'] }] }],
      ['two ports of one name', { ...IPV4, ports: [{ port: 1 }, { port: 2 }] }],
    ])('is refused with 422 for %s', async (_what, content) => {
      expect(await refusal(objects.create('bad', content))).toEqual({ reason: 'Invalid', status: 422 });
    });

    test('with empty lists has null in their place', async () => {
      const slice = await objects.create('empty-lists', { ...IPV4, endpoints: [], ports: [] });
      expect(slice).toMatchObject({ endpoints: null, ports: null });
    });
  });
}
