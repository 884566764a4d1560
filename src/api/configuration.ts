import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const reference = (kind: string) =>
  Type.Object(
    { name: Type.String({ description: `The ${kind}'s name.`, minLength: 1, maxLength: 253 }) },
    { description: `A ${kind} of the cluster's namespace: each of its keys becomes a file.` },
  );

export const ConfigurationSource = Type.Object(
  { configMap: Type.Optional(reference('ConfigMap')), secret: Type.Optional(reference('Secret')) },
  {
    description: 'Where files come from: a ConfigMap or a Secret.',
    'x-kubernetes-validations': [
      {
        rule: 'has(self.configMap) != has(self.secret)',
        message: 'configuration.from: write exactly one of configMap and secret in each entry',
      },
    ],
  },
);

export type ConfigurationSource = Static<typeof ConfigurationSource>;

export const Configuration = Type.Object(
  {
    files: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 262144 }), {
        description: 'Files by name, as in hive-site.xml.',
        maxProperties: 64,
        'x-kubernetes-validations': [
          {
            rule: "self.all(name, !name.contains('/'))",
            message: 'configuration.files: write file names without a slash, they all go into /opt/impala/conf',
          },
          {
            rule: "self.all(name, size(name) <= 253 && name.matches('^[-._a-zA-Z0-9/]+$') && !name.startsWith('..') && name != '.')",
            message:
              'configuration.files: write file names of at most 253 letters, digits, dots, dashes and underscores that do not begin with two dots',
          },
        ],
      }),
    ),
    from: Type.Optional(
      Type.Array(ConfigurationSource, {
        description: 'ConfigMaps and Secrets whose keys become files. Of two files of one name the later wins.',
        maxItems: 16,
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
  },
  {
    description:
      'Files for /opt/impala/conf of every daemon: core-site.xml, hdfs-site.xml, hive-site.xml and whatever else Impala reads there.',
  },
);

export type Configuration = Static<typeof Configuration>;
