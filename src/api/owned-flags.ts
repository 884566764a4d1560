import type { Component } from './names.ts';

/** Flags that would let others in unseen, or change what an unknown flag means (the pre-flight relies on that). */
const PARSER = ['flagfile', 'fromenv', 'tryfromenv', 'undefok'];

/** Who the daemon is, and where its web servers listen. */
const COMMON = [
  ...PARSER,
  'hostname',
  'use_resolved_hostname',
  'log_dir',
  'enable_webserver',
  'webserver_interface',
  'webserver_port',
  'metrics_webserver_port',
  'metrics_webserver_interface',
  'enable_statestored_ha',
  'enable_catalogd_ha',
  'state_store_port',
];

const SUBSCRIBER = [
  'state_store_host',
  'state_store_2_host',
  'state_store_2_port',
  'state_store_subscriber_port',
  'statestore_subscriber_use_resolved_address',
];

const IMPALAD = [
  ...SUBSCRIBER,
  'is_coordinator',
  'is_executor',
  'catalog_service_host',
  'catalog_service_port',
  'use_local_catalog',
  'krpc_port',
  'hs2_port',
  'hs2_http_port',
];

/**
 * The flags that the operator sets and the user cannot: those that identities, addresses, ports, probes and the
 * single-active guarantee rest on. Every other flag that the operator emits is a default, which the user's value follows.
 */
export const OWNED_FLAGS: Readonly<Record<Component, readonly string[]>> = {
  statestore: [
    ...COMMON,
    'state_store_ha_port',
    'state_store_peer_host',
    'state_store_peer_ha_port',
    'statestore_force_active',
    'use_subscriber_id_as_catalogd_priority',
  ],
  catalog: [...COMMON, ...SUBSCRIBER, 'catalog_service_port', 'catalog_topic_mode', 'force_catalogd_active'],
  coordinator: [...COMMON, ...IMPALAD],
  executor: [...COMMON, ...IMPALAD],
};

/** Flags that would turn the health endpoints to HTTPS, which neither the agents nor the probes speak yet. */
export const UNSUPPORTED_FLAGS = ['webserver_certificate_file', 'webserver_private_key_file'] as const;
