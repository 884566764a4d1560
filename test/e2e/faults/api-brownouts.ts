import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate, privateKey } from '../../unit/kube/loopback-certificate.ts';
import { api } from '../api.ts';
import { NAMESPACE } from '../environment.ts';
import { undoLater } from './undo.ts';

/** What the API server answers to every write in the cluster's namespace: 429 or 500. */
export type ApiBrownout = 'throttled' | 'failing';

const NAME = 'e2e-brownout';
const PATH = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${NAME}`;

/** A webhook that is asked before every write. The test cluster's API server runs on this machine. */
const webhook = (port: number) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: NAME },
  webhooks: [
    {
      name: 'brownout.e2e.impala-operator.dev',
      clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(certificate).toString('base64') },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
      rules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['*'] }],
      failurePolicy: 'Fail',
      sideEffects: 'None',
      timeoutSeconds: 1,
      admissionReviewVersions: ['v1'],
    },
  ],
});

let server: Server | undefined;

/** Begins a brownout, which lasts until the case is over at the latest. */
export async function beginBrownout(how: ApiBrownout): Promise<void> {
  undoLater(endBrownout);
  server = await throttlingServer();
  const { port } = server.address() as AddressInfo;
  // Where nobody listens the API server fails.
  if (how === 'failing') await close(server);
  await api.apply(PATH, webhook(port));
}

/** Ends it, if there is one. */
export async function endBrownout(): Promise<void> {
  await api.delete(PATH);
  const last = server;
  server = undefined;
  if (last?.listening) await close(last);
}

const close = (one: Server): Promise<void> =>
  new Promise((resolve) => {
    one.close(() => resolve());
    one.closeAllConnections();
  });

/** Turns every write away with 429, as an API server does that is overloaded. */
function throttlingServer(): Promise<Server> {
  const one = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as { request: { uid: string } };
      const status = { code: 429, reason: 'TooManyRequests', message: 'too many requests' };
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: review.request.uid, allowed: false, status },
        }),
      );
    });
  });
  return new Promise((resolve, reject) => {
    one.once('error', reject);
    one.listen(0, '127.0.0.1', () => resolve(one));
  });
}
