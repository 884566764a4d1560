import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import { Configuration } from './configuration.ts';
import { flags } from './flags.ts';
import { CatalogHighAvailability, StatestoreHighAvailability } from './high-availability.ts';
import { Image } from './image.ts';
import { scheduling } from './scheduling.ts';
import { section } from './section.ts';
import { ImpalaClusterStatus } from './status.ts';

const preferredActive = Type.Optional(
  Type.Union([Type.Literal('a'), Type.Literal('b')], {
    description:
      'The member that shall be active: when it is not, and is ready to take over, the active hands over to it, once. It ' +
      'asks for no more than that: a failover moves the active all the same, and nothing moves it back by itself.',
  }),
);

export const Statestore = section(
  { preferredActive, highAvailability: StatestoreHighAvailability, flags: flags('statestore'), ...scheduling },
  { description: 'The StateStore: it watches the health of every daemon and relays it to all of them.' },
);

export const Catalog = section(
  { preferredActive, highAvailability: CatalogHighAvailability, flags: flags('catalog'), ...scheduling },
  { description: 'The Catalog service: it keeps the metadata of databases and tables and relays its changes.' },
);

const replicas = (description: string) => Type.Integer({ description, minimum: 0, maximum: 1000, default: 1 });

export const Coordinators = section(
  { replicas: replicas('How many coordinators there are.'), flags: flags('coordinator'), ...scheduling },
  { description: 'The daemons that clients connect to; they plan queries and hand them to the executors.' },
);

export const Executors = section(
  { replicas: replicas('How many executors there are.'), flags: flags('executor'), ...scheduling },
  { description: 'The daemons that run queries.' },
);

export const ImpalaClusterSpec = Type.Object(
  {
    image: Image,
    clusterDomain: Type.String({
      description: "The Kubernetes cluster's DNS domain: the daemons know each other by full names.",
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      maxLength: 100,
      default: 'cluster.local',
    }),
    paused: Type.Boolean({
      description:
        'Whether the operator leaves everything as it is: it applies, repairs and deletes nothing. The agents go on, and ' +
        'hand over when they must.',
      default: false,
    }),
    stopped: Type.Boolean({
      description:
        'Whether no daemon runs: the pods are ended, coordinators first. Services, Leases and configuration stay, and ' +
        'false brings the cluster back.',
      default: false,
    }),
    configuration: Type.Optional(Configuration),
    statestore: Statestore,
    catalog: Catalog,
    coordinators: Coordinators,
    executors: Executors,
  },
  { description: 'What the cluster shall be.' },
);

/** The spec as it is after defaulting, which is how the API server stores it. */
export type ImpalaClusterSpec = Static<typeof ImpalaClusterSpec>;

/** What statestore and catalog have in common. */
export type PairSpec = ImpalaClusterSpec['statestore'];

/** The schema of the whole object, less what every object has. */
export const ImpalaClusterSchema = Type.Object(
  { spec: ImpalaClusterSpec, status: Type.Optional(ImpalaClusterStatus) },
  {
    description: 'A cluster of Apache Impala whose StateStore and Catalog service are highly available.',
    'x-kubernetes-validations': [
      {
        // A StatefulSet's name and `-` and a hash of up to ten digits is a label of its pods, of 63 characters at most
        // (kubernetes/kubernetes#64023): `-statestore-a` leaves 39.
        rule: "self.metadata.name.size() <= 39 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        message:
          'metadata.name must be at most 39 lower case letters, digits and dashes, begin with a letter and not end with a ' +
          "dash, because the names of the cluster's Services and pods are made of it",
      },
    ],
  },
);

/** An ImpalaCluster as the API server hands it out: with all defaults. */
export interface ImpalaCluster extends KubernetesObject {
  spec: ImpalaClusterSpec;
  status?: ImpalaClusterStatus;
}

export type { ImpalaClusterStatus } from './status.ts';
