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
      const told = kind === 'ImageUnavailable' ? `the image ${image} cannot be had` : reason;
      const detail = steady(message ?? '');
      return [{ container: name, kind, message: detail === '' ? told : `${told}: ${detail}` }];
    },
  );
}

/** Without what changes by itself, as between a try and the wait for the next: the status would be written each time. */
const steady = (message: string): string =>
  message
    .replace(/^back-off \S+ restarting failed container.*$/, 'it ends again and again')
    .replace(/^Back-off pulling image "[^"]*"(: )?/, '')
    .replace(/^ErrImagePull: /, '')
    .slice(0, 300);
