import { describe, expect, test } from '@jest/globals';
import type { Lease } from '../../src/kube/kubernetes-object.ts';
import { leases } from '../../src/kube/resource.ts';
import { Objects, refusal, refusedFields, type ConformanceEnvironment } from './environment.ts';

const SPEC = {
  holderIdentity: 'pod/uid/claim',
  leaseDurationSeconds: 9,
  acquireTime: '2026-01-02T03:04:05.000006Z',
  renewTime: '2026-01-02T03:04:05.123456Z',
  leaseTransitions: 3,
};

/** What the API server takes, keeps, drops and refuses in a Lease. */
export function leaseCases(environment: ConformanceEnvironment): void {
  const objects = new Objects<Lease>(environment, leases);

  describe('a Lease', () => {
    test('is kept as it was sent', async () => {
      await objects.create('kept', { spec: SPEC });
      expect((await objects.get('kept')).spec).toEqual(SPEC);
    });

    test('has a uid, a version and a creation time in whole seconds, and no generation', async () => {
      const { metadata } = await objects.create('fresh');
      expect(metadata).toMatchObject({ name: 'fresh', namespace: environment.namespace });
      expect(metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/);
      expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(metadata.generation).toBeUndefined();
    });

    test('without a spec has an empty one', async () => {
      expect((await objects.create('bare')).spec).toEqual({});
    });

    test('keeps an empty holder and a transition count of zero, and has no field that is null', async () => {
      const spec = { holderIdentity: '', leaseTransitions: 0, renewTime: null };
      expect((await objects.create('empty-holder', { spec })).spec).toEqual({
        holderIdentity: '',
        leaseTransitions: 0,
      });
    });

    test('loses preferredHolder, strategy and fields that do not exist', async () => {
      const spec = { ...SPEC, preferredHolder: 'other', strategy: 'OldestEmulationVersion', bogus: 1 };
      expect((await objects.create('dropped', { spec, alsoBogus: {} })).spec).toEqual(SPEC);
    });

    test('may count its transitions down', async () => {
      const lease = await objects.create('down', { spec: SPEC });
      const answer = await objects.replace('down', { ...lease, spec: { ...SPEC, leaseTransitions: 1 } });
      expect(answer.spec?.leaseTransitions).toBe(1);
    });

    test('keeps a time in UTC, in whatever zone it was sent', async () => {
      const spec = { ...SPEC, renewTime: '2026-01-02T05:04:05.123456+02:00' };
      expect((await objects.create('zone', { spec })).spec?.renewTime).toBe(SPEC.renewTime);
    });

    test.each([
      ['three fraction digits', '2026-01-02T03:04:05.123Z'],
      ['seven fraction digits', '2026-01-02T03:04:05.1234567Z'],
      ['nine fraction digits', '2026-01-02T03:04:05.123456789Z'],
      ['no fraction', '2026-01-02T03:04:05Z'],
      ['no zone', '2026-01-02T03:04:05.123456'],
      ['a month that does not exist', '2026-13-02T03:04:05.123456Z'],
      ['a day that does not exist', '2026-02-30T03:04:05.123456Z'],
      ['an empty text', ''],
      ['a number', 1],
    ])('is refused with 400 for a time with %s', async (_what, renewTime) => {
      const call = objects.create('bad-time', { spec: { ...SPEC, renewTime } });
      expect(await refusal(call)).toEqual({ reason: 'Invalid', status: 400 });
    });

    test.each([
      ['a duration that is a text', { leaseDurationSeconds: '9' }],
      ['a duration with a fraction', { leaseDurationSeconds: 1.5 }],
      ['a duration of more than 32 bits', { leaseDurationSeconds: 2 ** 31 }],
      ['a holder that is a number', { holderIdentity: 1 }],
      ['transitions that are a text', { leaseTransitions: '1' }],
    ])('is refused with 400 for %s', async (_what, spec) => {
      const call = objects.create('bad-type', { spec: { ...SPEC, ...spec } });
      expect(await refusal(call)).toEqual({ reason: 'Invalid', status: 400 });
    });

    test.each([
      ['leaseDurationSeconds', 0],
      ['leaseDurationSeconds', -1],
      ['leaseTransitions', -1],
    ])('is refused with 422 for a %s of %i', async (field, value) => {
      const body = { spec: { ...SPEC, [field]: value } };
      expect(await refusal(objects.create('bad-value', body))).toEqual({ reason: 'Invalid', status: 422 });
      expect(await refusedFields(objects.create('bad-value', body))).toEqual([`spec.${field}`]);
    });

    test('is refused at a replacement as at its creation', async () => {
      const lease = await objects.create('checked', { spec: SPEC });
      const replaced = (spec: object): Promise<Lease> =>
        objects.replace('checked', { ...lease, spec: { ...SPEC, ...spec } });
      expect(await refusal(replaced({ renewTime: '2026-01-02T03:04:05Z' }))).toMatchObject({ status: 400 });
      expect(await refusal(replaced({ leaseDurationSeconds: 0 }))).toMatchObject({ status: 422 });
      expect((await objects.get('checked')).metadata.resourceVersion).toBe(lease.metadata.resourceVersion);
    });
  });
}
