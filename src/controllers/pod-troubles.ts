import type { Pod } from './kubernetes-types.ts';

/** Why a container does not run, in kubelet's words. */
export interface PodTrouble {
  readonly container: string;
  readonly kind: 'ImageUnavailable' | 'ContainerFailed';
  readonly message: string;
}

const KINDS: Readonly<Record<string, PodTrouble['kind']>> = {
  ErrImagePull: 'ImageUnavailable',
  ImagePullBackOff: 'ImageUnavailable',
  ErrImageNeverPull: 'ImageUnavailable',
  InvalidImageName: 'ImageUnavailable',
  ImageInspectError: 'ImageUnavailable',
  CrashLoopBackOff: 'ContainerFailed',
  CreateContainerConfigError: 'ContainerFailed',
  CreateContainerError: 'ContainerFailed',
  RunContainerError: 'ContainerFailed',
};

/** What kubelet says that waiting alone will not mend: pure. */
export function podTroubles({ status }: Pod): PodTrouble[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].flatMap(
    ({ name, image, state }): PodTrouble[] => {
      const { reason = '', message } = state?.waiting ?? {};
      const kind = KINDS[reason];
      if (kind === undefined) return [];
      // Kubelet tells a back-off by times that change; the image says enough.
      const said = kind === 'ImageUnavailable' ? `the image ${image} cannot be had (${reason})` : reason;
      return [
        {
          container: name,
          kind,
          message: message && kind !== 'ImageUnavailable' ? `${said}: ${steady(message)}` : said,
        },
      ];
    },
  );
}

/** Without what changes by itself: a status that changed each time would be written each time. */
const steady = (message: string): string =>
  message.replace(/^back-off \S+ restarting failed container.*$/, 'it ends again and again');
