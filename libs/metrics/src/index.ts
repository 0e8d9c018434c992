export { Metrics } from './metrics';
export type {
  AuthenticationFailure,
  BatchName,
  BreakerState,
  JobName,
  KeyAge,
  PoolUse,
  SignatureResult,
  TrailAlarm,
} from './metrics';
export { serveMetrics } from './metrics-server';
export type { MetricsServer } from './metrics-server';
export { MetricsModule } from './metrics.module';
