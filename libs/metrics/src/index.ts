export type { MetricsServer } from './metrics-server';
export { serveMetrics } from './metrics-server';
export { MetricsModule } from './metrics.module';
export { DURATION_BUCKETS, Metrics } from './metrics';
export type { Counter, Gauge, Histogram } from 'prom-client';
