import { isIPv4, isIPv6 } from 'node:net';
import type { Endpoint, EndpointSlice, KubernetesObject } from '../kube/kubernetes-object.ts';
import type { Cause, KindRules } from './kind-rules.ts';

const MAXIMUM_ENDPOINTS = 1000;
const MAXIMUM_ADDRESSES = 100;

type Ports = NonNullable<EndpointSlice['ports']>;

/** Both lists are always there on the wire: as null when they are empty, since protobuf, in which they are kept, has none. */
function decode(object: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata, addressType, endpoints, ports } = object as EndpointSlice;
  return {
    apiVersion,
    kind,
    metadata,
    addressType,
    endpoints: nullIfEmpty(endpoints?.map((endpoint) => ({ ...endpoint, conditions: endpoint.conditions ?? {} }))),
    ports: nullIfEmpty(ports?.map((port) => ({ name: '', protocol: 'TCP', ...port }))),
  } as unknown as KubernetesObject;
}

const nullIfEmpty = <T>(list: readonly T[] = []): readonly T[] | null => (list.length === 0 ? null : list);

function validate(object: KubernetesObject, previous: KubernetesObject | undefined): Cause[] {
  const slice = object as EndpointSlice;
  const { addressType } = slice;
  return [
    ...addressTypeCauses(addressType, (previous as EndpointSlice | undefined)?.addressType),
    ...endpointCauses(slice.endpoints ?? [], addressType),
    ...portCauses(slice.ports ?? []),
  ];
}

function addressTypeCauses(addressType: unknown, previous: string | undefined): Cause[] {
  const field = 'addressType';
  if (addressType === undefined || addressType === '') return [{ field, message: 'Required value' }];
  if (!['IPv4', 'IPv6', 'FQDN'].includes(addressType as string)) {
    return [
      { field, message: `Unsupported value: ${JSON.stringify(addressType)}: supported values: "FQDN", "IPv4", "IPv6"` },
    ];
  }
  if (previous !== undefined && previous !== addressType) {
    return [{ field, message: `Invalid value: ${JSON.stringify(addressType)}: field is immutable` }];
  }
  return [];
}

function endpointCauses(endpoints: readonly Endpoint[], addressType: string): Cause[] {
  if (endpoints.length > MAXIMUM_ENDPOINTS) {
    return [
      { field: 'endpoints', message: `Too many: ${endpoints.length}: must have at most ${MAXIMUM_ENDPOINTS} items` },
    ];
  }
  return endpoints.flatMap(({ addresses = [] }, index): Cause[] => {
    const field = `endpoints[${index}].addresses`;
    if (addresses.length === 0) return [{ field, message: 'Required value: must contain at least 1 address' }];
    if (addresses.length > MAXIMUM_ADDRESSES) return [{ field, message: `Too many: ${addresses.length}` }];
    return addresses
      .filter((address) => !isAddress(address, addressType))
      .map((address) => ({
        field,
        message: `Invalid value: ${JSON.stringify(address)}: must be a valid ${addressType} address`,
      }));
  });
}

function isAddress(address: string, addressType: string): boolean {
  if (addressType === 'IPv4') return isIPv4(address);
  return addressType !== 'IPv6' || isIPv6(address);
}

function portCauses(ports: Ports): Cause[] {
  const names = new Set<string>();
  return ports.flatMap(({ name = '' }, index): Cause[] => {
    if (names.has(name))
      return [{ field: `ports[${index}].name`, message: `Duplicate value: ${JSON.stringify(name)}` }];
    names.add(name);
    return [];
  });
}

const FIELDS = ['apiVersion', 'kind', 'metadata', 'addressType', 'endpoints', 'ports'];

function undeclaredField(applied: KubernetesObject): string | undefined {
  const undeclared = Object.keys(applied).find((field) => !FIELDS.includes(field));
  return undeclared === undefined ? undefined : `.${undeclared}`;
}

/** discovery.k8s.io/v1, as Kubernetes 1.36 has it. */
export const endpointSliceRules: KindRules = {
  replacesUnconditionally: true,
  hasGeneration: true,
  generationCountsLabels: true,
  decode,
  undeclaredField,
  validate,
};
