export { impalaClusters } from '../api/impala-clusters.ts';
