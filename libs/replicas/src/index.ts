export { readUpToDate } from './read-up-to-date';
export { ReplicasModule } from './replicas.module';
