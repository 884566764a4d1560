import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { section } from './section.ts';

export const Image = section(
  {
    repository: Type.String({
      description:
        'The repository of the images, without a tag. Each daemon has its own image, <repository>:<tag>-<daemon>, as ' +
        'Apache Impala publishes them (apache/impala:4.5.0-statestored).',
      pattern: '^([a-zA-Z0-9.-]+(:[0-9]+)?/)?[a-z0-9._/-]+$',
      maxLength: 255,
      default: 'apache/impala',
    }),
    tag: Type.String({
      description: "The images' common tag, without the daemon's name.",
      pattern: '^[a-zA-Z0-9_][a-zA-Z0-9._-]*$',
      maxLength: 100,
      default: '4.5.0',
    }),
    version: Type.Optional(
      Type.String({
        description:
          "Impala's version, x.y.z, where the tag does not begin with it. It decides which flags the daemons are given: " +
          'an unknown one stops them.',
        pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+$',
        maxLength: 32,
      }),
    ),
    pullPolicy: Type.Union([Type.Literal('Always'), Type.Literal('IfNotPresent'), Type.Literal('Never')], {
      description: 'When kubelet pulls the images.',
      default: 'IfNotPresent',
    }),
    pullSecrets: Type.Optional(
      Type.Array(
        Type.Object({ name: Type.String({ description: 'The name of a Secret.', minLength: 1, maxLength: 253 }) }),
        {
          description: "Secrets of the cluster's namespace that allow to pull the images.",
          maxItems: 16,
          'x-kubernetes-list-type': 'atomic',
        },
      ),
    ),
  },
  {
    description: "Where Impala's images come from.",
    'x-kubernetes-validations': [
      {
        rule: "has(self.version) || self.tag.matches('^[0-9]+[.][0-9]+[.][0-9]+([^0-9.].*)?$')",
        message:
          "image.version is required because image.tag does not begin with x.y.z: write Impala's version, as in 4.5.0",
      },
    ],
  },
);

export type Image = Static<typeof Image>;
