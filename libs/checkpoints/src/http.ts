export { CheckpointsHttpModule } from './checkpoints-http.module';
