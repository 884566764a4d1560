import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import { waitAfterFailures } from '../../../src/agent/candidacy.ts';
import { nextEndpoint, type ActiveEndpoint } from '../../../src/agent/endpoint.ts';
import { decodeReport, encodeOrder } from '../../../src/agent/guard/message.ts';
import { checked, started, type Health } from '../../../src/agent/health.ts';
import { nextSpelling } from '../../../src/agent/hostname-spelling.ts';
import { describeTakeover, takeoverOf } from '../../../src/agent/takeover.ts';
import { failedStartsInARow, readSignIn } from '../../../src/daemons/sign-in.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';

describe('the endpoint', () => {
  const active: ActiveEndpoint = {
    claim: 'mine',
    term: 5,
    podName: 'p',
    podUid: 'u',
    podIp: '10.0.0.9',
    nodeName: 'n',
    namespace: 'ns',
  };
  const slice = (term: string | undefined, claim: string | undefined, address = '10.0.0.1'): EndpointSlice => ({
    metadata: {
      name: 's',
      resourceVersion: '77',
      annotations: {
        other: 'kept',
        ...(term && { [annotations.term]: term }),
        ...(claim && { [annotations.claim]: claim }),
      },
    },
    addressType: 'IPv4',
    ports: [{ name: 'rpc', port: 24000 }],
    endpoints: [{ addresses: [address] }],
  });

  test.each<[string, EndpointSlice, string]>([
    ['of nobody is written', slice(undefined, undefined), 'write'],
    ['of an earlier term is written', slice('4', 'theirs'), 'write'],
    ['with a term that is no number is written', slice('x', 'theirs'), 'write'],
    ['of our own earlier claim is written', slice('4', 'mine'), 'write'],
    ['of our claim with another address is written', slice('5', 'mine'), 'write'],
    ['of our claim and address stays', slice('5', 'mine', '10.0.0.9'), 'current'],
    ['of a later term is not touched', slice('6', 'theirs'), 'overtaken'],
    ['with a term that no Lease could follow is written', slice('9999999999', 'theirs'), 'write'],
    ['with a term without end is written', slice('Infinity', 'theirs'), 'write'],
    ['of the same term of another claim is not touched', slice('5', 'theirs'), 'overtaken'],
  ])('%s', (_what, seen, kind) => {
    expect(nextEndpoint(seen, active).kind).toBe(kind);
  });

  test('is written whole, with the version that was read, and names nobody else', () => {
    const next = nextEndpoint(slice('4', 'theirs'), active);
    expect(next.kind === 'write' && next.slice).toMatchObject({
      metadata: {
        resourceVersion: '77',
        annotations: { other: 'kept', [annotations.term]: '5', [annotations.claim]: 'mine' },
      },
      ports: [{ name: 'rpc', port: 24000 }],
      endpoints: [{ addresses: ['10.0.0.9'], nodeName: 'n', targetRef: { name: 'p', uid: 'u' } }],
    });
    expect(next.kind === 'write' && next.slice.endpoints).toHaveLength(1);
  });
});

describe('health', () => {
  const limits = { startTimeout: 60_000, failureThreshold: 3 };
  const serving: Health = { phase: 'serving', since: 0, failures: 0 };

  test('one that loads is not hung, up to its limit', () => {
    expect(checked(started(0), false, limits, 59_999)).toEqual(started(0));
    expect(checked(started(0), false, limits, 60_000)).toEqual({ phase: 'failed', reason: 'StartTimeout' });
  });

  test('one that served is hung after as many failures in a row as allowed', () => {
    const failures = (count: number): Health =>
      Array.from({ length: count }).reduce<Health>((health) => checked(health, false, limits, 1), serving);
    expect(failures(2)).toMatchObject({ phase: 'serving', failures: 2 });
    expect(failures(3)).toEqual({ phase: 'failed', reason: 'DaemonUnresponsive' });
    expect(checked(failures(2), true, limits, 1)).toEqual(serving);
  });

  test('a verdict is final', () => {
    const failed: Health = { phase: 'failed', reason: 'StartTimeout' };
    expect(checked(failed, true, limits, 1)).toBe(failed);
  });
});

test('the wait after failures doubles from one second to a minute', () => {
  expect([0, 1, 2, 3, 6, 7, 8, 1000].map(waitAfterFailures)).toEqual([0, 1000, 2000, 4000, 32000, 60000, 60000, 60000]);
});

describe('sign-ins', () => {
  const lease = (a: unknown, b?: unknown): Lease => ({
    metadata: {
      name: 'l',
      annotations: {
        [annotations.signIn('a')]: typeof a === 'string' ? a : JSON.stringify(a),
        ...(b === undefined ? {} : { [annotations.signIn('b')]: JSON.stringify(b) }),
      },
    },
  });
  const failed = (term: number, number: number, template = 't') => ({
    uid: 'u',
    ready: true,
    template,
    failedStart: { term, number, reason: 'r' },
  });

  test.each(['', 'x', 'null', '[]', '{"uid":1}', '"u"'])('that read %j are none', (text) => {
    expect(readSignIn(lease(text), 'a')).toBeUndefined();
    expect(failedStartsInARow(lease(text), 't')).toBe(0);
  });

  test('count the failures of both members since the last healthy start, under the same template', () => {
    expect(failedStartsInARow(lease(failed(4, 1), failed(5, 2)), 't')).toBe(2);
    expect(
      failedStartsInARow(lease(failed(4, 3), { uid: 'v', ready: true, template: 't', healthyStart: 5 }), 't'),
    ).toBe(0);
    expect(
      failedStartsInARow(lease(failed(6, 1), { uid: 'v', ready: true, template: 't', healthyStart: 5 }), 't'),
    ).toBe(1);
    expect(failedStartsInARow(lease(failed(4, 9, 'old'), failed(5, 1)), 't')).toBe(1);
  });
});

describe('the spelling of the catalog’s name', () => {
  const lease = (spelling?: string): Lease => ({
    metadata: { name: 'l', annotations: spelling ? { [annotations.hostnameSpelling]: spelling } : {} },
  });
  test('changes with an expiry, and with nothing else', () => {
    expect(nextSpelling(lease(), 'expired', 0)).toBe(1);
    expect(nextSpelling(lease('1'), 'expired', 0)).toBe(0);
    expect(nextSpelling(lease('1'), 'released', 0)).toBe(1);
    expect(nextSpelling(lease(), 'reclaimed', 1)).toBe(1);
  });
});

describe('why there is a new active', () => {
  const lease = (note: string | undefined, spec: Lease['spec']): Lease => ({
    metadata: { name: 'l', annotations: note === undefined ? {} : { [annotations.releaseReason]: note } },
    spec: spec ?? {},
  });

  test.each<[string, Lease, boolean, boolean, string]>([
    ['a pair that is new', lease(undefined, { leaseTransitions: 0 }), true, false, 'FirstStart'],
    [
      'a release with its reason',
      lease('{"reason":"DaemonExited","message":"m","at":5}', { leaseTransitions: 3 }),
      true,
      false,
      'DaemonExited',
    ],
    [
      'a release whose reason was edited',
      lease('{"reason":"<b>","at":5}', { leaseTransitions: 3 }),
      true,
      false,
      'Released',
    ],
    ['an expiry', lease(undefined, { holderIdentity: 'p/u/1', leaseTransitions: 3 }), false, false, 'LeaseExpired'],
    ['a Lease made anew under its holder', lease(undefined, { leaseTransitions: 3 }), false, true, 'LeaseRemade'],
  ])('%s', (_what, seen, afterRelease, reclaiming, reason) => {
    expect(describeTakeover(takeoverOf(seen, afterRelease, reclaiming)).reason).toBe(reason);
  });
});

describe('lines between agent and guard', () => {
  test('orders end with their end', () => {
    const order = { guard: 'g', sequence: 4, term: 2, claim: 'p/u/1', deadline: 900 };
    expect(encodeOrder({ verb: 'start', ...order })).toBe('start g 4 2 p/u/1 900 - ;\n');
    expect(encodeOrder({ verb: 'start', ...order, argument: '-hostname=x' })).toBe(
      'start g 4 2 p/u/1 900 -hostname=x ;\n',
    );
    expect(encodeOrder({ verb: 'extend', ...order })).toBe('extend g 4 2 p/u/1 900 ;\n');
    expect(encodeOrder({ verb: 'stop', guard: 'g', sequence: 5 })).toBe('stop g 5 ;\n');
    expect(encodeOrder({ verb: 'state?', sequence: 6 })).toBe('state? * 6 ;\n');
  });

  test.each([
    '',
    ';',
    'hello g',
    'running g x ;',
    'exited g 1 ;',
    'exited g 1 -5 ;',
    'state g 1 maybe 0 0 - 0 passed ;',
    'sing g 1 ;',
    'preflight g perhaps - ;',
  ])('what is no whole report is none: %j', (line) => {
    expect(decodeReport(line)).toBeUndefined();
  });

  test('a failed pre-flight carries its text', () => {
    const text = Buffer.from("ERROR: unknown flag 'x'").toString('base64');
    expect(decodeReport(`preflight g failed ${text} ;`)).toMatchObject({
      outcome: 'failed',
      text: "ERROR: unknown flag 'x'",
    });
  });
});
