import { nameOf, ofKind } from './render.mjs';

/** @typedef {import('./render.mjs').KubernetesObject} KubernetesObject */

/** What a process takes in addition to its pool: one connection that listens, and one that takes its place while it is lost. */
const OUTSIDE_THE_POOL = 2;
/** For superusers, the operator, replication, the migration and the CronJobs. */
const OTHERS = 20;

/**
 * Counts the connections that all servers may take at once, at the maximum that the HorizontalPodAutoscaler allows and while
 * each of them is replaced: a pod that drains keeps its connections until its end.
 * @param {KubernetesObject[]} objects
 * @returns {string[]}
 */
export function databaseFindings(objects) {
  const most = mostConnections(objects);
  if (most === undefined) return [];
  return ofKind(objects, 'Deployment').flatMap((deployment) => {
    const pool = poolOf(objects, deployment);
    if (pool === undefined) return [];
    const replicas = mostReplicas(objects, deployment);
    const wanted = 2 * replicas * (pool + OUTSIDE_THE_POOL) + OTHERS;
    return wanted <= most
      ? []
      : [
          `${nameOf(deployment)}: 2 × ${replicas} replicas × (DB_POOL_SIZE ${pool} + ${OUTSIDE_THE_POOL}) + ${OTHERS} = ${wanted} connections, but max_connections is ${most}`,
        ];
  });
}

/** @param {KubernetesObject[]} objects  @returns {number | undefined} */
function mostConnections(objects) {
  const cluster = ofKind(objects, 'Cluster').find(({ apiVersion }) =>
    apiVersion.startsWith('postgresql.cnpg.io/'),
  );
  if (cluster !== undefined) return Number(cluster.spec.postgresql?.parameters?.max_connections ?? 100);
  const args = ofKind(objects, 'StatefulSet').flatMap(
    ({ spec }) => spec.template.spec.containers[0].args ?? [],
  );
  const setting = args.find((argument) => argument.startsWith('max_connections='));
  return setting === undefined ? undefined : Number(setting.split('=')[1]);
}

/** @param {KubernetesObject[]} objects  @param {KubernetesObject} deployment  @returns {number} */
function mostReplicas(objects, deployment) {
  const scaler = ofKind(objects, 'HorizontalPodAutoscaler').find(
    ({ spec }) => spec.scaleTargetRef.name === deployment.metadata.name,
  );
  return scaler?.spec.maxReplicas ?? deployment.spec.replicas ?? 1;
}

/** @param {KubernetesObject[]} objects  @param {KubernetesObject} deployment  @returns {number | undefined} */
function poolOf(objects, deployment) {
  const names = deployment.spec.template.spec.containers.flatMap(({ envFrom = [] }) =>
    envFrom.map(({ configMapRef }) => configMapRef?.name),
  );
  const config = ofKind(objects, 'ConfigMap').find(({ metadata }) => names.includes(metadata.name));
  return config === undefined ? undefined : Number(config.data.DB_POOL_SIZE ?? 10);
}
