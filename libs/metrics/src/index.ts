export type { MetricsServer } from './metrics-server';
export { serveMetrics } from './metrics-server';
export { MetricsModule } from './metrics.module';
export type { BreakerState, SignatureResult, TrailAlarm } from './metrics';
export { Metrics } from './metrics';
