export { compareReplicas } from './compare-replicas';
export { readUpToDate } from './read-up-to-date';
export { ReplicasModule } from './replicas.module';
export { STANDINGS, type Standing } from './standing';
