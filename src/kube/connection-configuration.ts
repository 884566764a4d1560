/** How to reach an API server, and as whom. Where it comes from (service account, kubeconfig) is another file's matter. */
export interface ConnectionConfiguration {
  /** The base URL, as in `https://10.96.0.1:443`; a path is kept in front of every request's. */
  readonly server: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string;
  /** PEM of the client's certificate and key. */
  readonly cert?: string;
  readonly key?: string;
  /** The name that the server's certificate must have, when it is not the URL's. */
  readonly servername?: string;
  readonly skipTlsVerify?: boolean;
  /** Headers that authenticate; asked for before every request, within the deadline of its call. */
  readonly headers?: () => Promise<Record<string, string>> | Record<string, string>;
  /** Told of every 401: the next `headers()` must not come from a cache. */
  readonly onUnauthorized?: () => void;
}
